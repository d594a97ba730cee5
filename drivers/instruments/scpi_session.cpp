#include "drivers/instruments/scpi_session.hpp"

#include "drivers/core/number_of.hpp"
#include "drivers/core/text.hpp"
#include "drivers/transports/visa_resource.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ranges>
#include <utility>

namespace phyll::instruments {
namespace {

/// An instrument whose queue of errors does not end says the same thing for ever.
constexpr int most_errors = 30;

} // namespace

ScpiSession::ScpiSession(InstrumentSettings settings, std::filesystem::path lock_dir,
                         const Clock& clock)
    : claim_(std::move(settings), std::move(lock_dir)),
      clock_(clock),
      log_(std::make_shared<transports::TrafficLog>(clock)),
      transport_(
          transports::open_visa(claim_.settings().address, claim_.settings().line, clock, *log_)) {}

ScpiSession::~ScpiSession() = default;

template <class Exchange>
auto ScpiSession::exchange(const Patience& patience, Exchange what) {
    try {
        if (patience.deadline.passed(clock_)) {
            throw Error(Code::deadline_exceeded, "its turn came after the deadline");
        }
        if (!in_step_) {
            restore(patience.within(clock_, settings().timeout));
        }
        return what(patience.within(clock_, settings().timeout));
    } catch (const Error& error) {
        in_step_ = false;
        if (!transport_->connected()) {
            claim_.lost(error.what());
        }
        if (error.code() == Code::deadline_exceeded && !patience.deadline.passed(clock_)) {
            throw named(
                Error(Code::unavailable, fmt::format("{}, which is {:g} s (its option timeout)",
                                                     error.what(), settings().timeout.count())));
        }
        throw named(error);
    }
}

void ScpiSession::open(const Patience& patience) {
    exchange(patience, [](const Patience&) {});
}

void ScpiSession::tell(std::string_view message, const Patience& patience) {
    exchange(patience, [&](const Patience& until) { transport_->write(message, until); });
}

void ScpiSession::tell_block(std::string_view head, std::span<const std::byte> block,
                             const Patience& patience) {
    const std::string length = std::to_string(block.size());
    const std::string text = fmt::format("{}#{}{}", head, length.size(), length);
    std::vector<std::byte> message(text.size() + block.size());
    std::memcpy(message.data(), text.data(), text.size());
    std::ranges::copy(block, message.begin() + static_cast<std::ptrdiff_t>(text.size()));
    exchange(patience, [&](const Patience& until) { transport_->write(message, until); });
}

void ScpiSession::blurt(std::string_view message) noexcept {
    try {
        if (transport_->connected()) {
            in_step_ = false;
            transport_->write(message, own_patience());
        }
    } catch (...) { // NOLINT(bugprone-empty-catch): whoever makes it safe finds out
    }
}

std::string ScpiSession::hear(const Patience& patience) {
    return exchange(patience, [&](const Patience& until) { return transport_->read_line(until); });
}

std::string ScpiSession::ask(std::string_view message, const Patience& patience) {
    return exchange(patience, [&](const Patience& until) {
        transport_->write(message, until);
        return transport_->read_line(until);
    });
}

double ScpiSession::ask_number(std::string_view message, const Patience& patience) {
    const std::string answer = ask(message, patience);
    const std::optional<double> value = number_in(trimmed(answer, " \t\r\n\v\f"));
    if (!value) {
        throw named(Error(Code::data_loss, fmt::format("its answer to {} is {}, which is no number",
                                                       in_quotes(message), in_quotes(answer))));
    }
    return *value;
}

std::vector<std::byte> ScpiSession::ask_block(std::string_view message, std::size_t most,
                                              const Patience& patience) {
    return exchange(patience, [&](const Patience& until) {
        transport_->write(message, until);
        return transport_->read_block(most, until);
    });
}

void ScpiSession::check_errors(const ErrorQueueQuery& queue, const Patience& patience,
                               std::optional<std::string> first) {
    std::vector<std::string> found;
    for (int i = 0; i < most_errors; ++i) {
        const std::string entry =
            first ? *std::exchange(first, std::nullopt) : ask(queue.query, patience);
        const bool is_none = std::ranges::any_of(queue.none, [&](const std::string& none) {
            return queue.whole ? entry == none : entry.starts_with(none);
        });
        if (is_none) {
            break;
        }
        found.push_back(in_quotes(entry));
    }
    if (!found.empty()) {
        throw named(Error(Code::unavailable, fmt::format("it reports {}", fmt::join(found, ", "))));
    }
}

void ScpiSession::shut() noexcept {
    transport_->shut();
    claim_.give_up();
}

Error ScpiSession::named(const Error& error) const {
    return error_of(settings().name, error);
}

Patience ScpiSession::own_patience() const {
    return Patience{}.within(clock_, 2 * settings().timeout);
}

void ScpiSession::restore(const Patience& patience) {
    try {
        greet(patience);
    } catch (const Error& error) {
        claim_.lost(error.what());
        throw;
    }
    in_step_ = true;
}

void ScpiSession::greet(const Patience& patience) {
    claim_.lock_address();
    if (transport_->connected()) {
        transport_->clear(patience);
    } else {
        transport_->connect(patience);
    }
    transport_->write("*CLS", patience);
    transport_->write("*IDN?", patience);
    const Identity identity = parse_identity(transport_->read_line(patience));
    claim_.accept(identity);
    if (greeted_) {
        greeted_(identity);
    }
    claim_.connected(identity, ++life_);
}

std::string filled(std::string_view text, const Words& words) {
    std::string out;
    while (!text.empty()) {
        const std::size_t open = text.find('{');
        const std::size_t close = text.find('}', open == std::string_view::npos ? 0 : open);
        if (open == std::string_view::npos || close == std::string_view::npos) {
            break;
        }
        const std::string_view name = text.substr(open + 1, close - open - 1);
        const auto word =
            std::ranges::find(words, name, &std::pair<std::string_view, std::string>::first);
        if (word == words.end()) {
            throw Error(Code::invalid_argument,
                        fmt::format("a dialect has the word {{{}}} where there are only: {}", name,
                                    fmt::join(words | std::views::keys, ", ")));
        }
        out += text.substr(0, open);
        out += word->second;
        text.remove_prefix(close + 1);
    }
    return out += text;
}

std::optional<double> number_in(std::string_view answer) {
    if (answer.starts_with('+')) {
        answer.remove_prefix(1);
    }
    return number_of<double>(answer);
}

std::string number(double value) {
    return fmt::format("{:.9G}", value);
}

} // namespace phyll::instruments
