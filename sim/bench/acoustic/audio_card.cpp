#include "sim/bench/acoustic/audio_card.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/number_of.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace phyll::bench {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::string_view letters = "AUD1";
constexpr std::uint32_t description = 2;
constexpr std::uint32_t play = 5;
constexpr std::uint32_t refused = 12;

constexpr std::chrono::milliseconds look_every{50};

constexpr double most_delay = 60'000; // frames
constexpr double most = 1e6;

double number_in(std::string_view command, std::string_view text, double largest) {
    const auto number = number_of<double>(text);
    if (!number || !(*number >= 0 && *number <= largest)) {
        throw invalid_field("text", fmt::format("{}; a number from 0 to {:g} must follow {}",
                                                in_quotes(text), largest, command));
    }
    return *number;
}

} // namespace

/// The bench's own connection to phyllaudio.
class AudioCard::Line : public std::enable_shared_from_this<Line> {
  public:
    Line(boost::asio::io_context& context, std::uint16_t port) : socket_(context) {
        socket_.connect({boost::asio::ip::address_v4::loopback(), port});
        socket_.set_option(tcp::no_delay(true));
    }

    /// Sends a message; calls `answered` with what comes, or with nothing when the other side is
    /// gone.
    void ask(std::string message, std::function<void(std::optional<std::string>)> answered) {
        sent_ = std::move(message);
        answered_ = std::move(answered);
        boost::asio::async_write(socket_, boost::asio::buffer(sent_),
                                 [self = shared_from_this()](const error_code& error, std::size_t) {
                                     if (error) {
                                         self->answer(std::nullopt);
                                     } else {
                                         self->read();
                                     }
                                 });
    }
    void close() {
        error_code ignored;
        socket_.close(ignored);
        answered_ = {};
    }

  private:
    void read() {
        if (std::optional<std::string> reply = cutter_.next()) {
            answer(std::move(reply));
            return;
        }
        socket_.async_read_some(
            boost::asio::buffer(bytes_),
            [self = shared_from_this()](const error_code& error, std::size_t count) {
                if (error) {
                    self->answer(std::nullopt);
                    return;
                }
                self->cutter_.append({self->bytes_.data(), count});
                self->read();
            });
    }
    void answer(std::optional<std::string> reply) {
        if (const auto answered = std::exchange(answered_, {})) {
            answered(std::move(reply));
        }
    }

    tcp::socket socket_;
    FramedTextCutter cutter_{letters};
    std::array<char, std::size_t{64} << 10U> bytes_{};
    std::string sent_;
    std::function<void(std::optional<std::string>)> answered_;
};

AudioCard::AudioCard(Loop& loop, SoundServer::Nature nature, const Room::Nature& room,
                     const Site& site)
    : loop_(loop),
      room_(room),
      sound_(std::move(nature), room_),
      identity_(fmt::format("JACK Audio Connection Kit,room,PHYLLSIM-A{},1.0", site.port)),
      looking_(loop.context()) {
    look_later();
}

AudioCard::~AudioCard() {
    alone();
}

/// What fails is tried again at the next look.
void AudioCard::trying(const std::function<void()>& what) {
    try {
        what();
    } catch (const Error& error) {
        if (failures_.empty()) {
            failures_.emplace_back(error.what());
        }
    }
}

void AudioCard::look_later() {
    looking_.expires_after(look_every);
    looking_.async_wait([this](const error_code& failed) {
        if (failed) {
            return;
        }
        trying([this] { sound_.look(); });
        look_later();
    });
}

std::unique_ptr<MessageCutter> AudioCard::cutter() const {
    return std::make_unique<FramedTextCutter>(letters);
}

void AudioCard::refuse(const std::string& message, const Done& done, const std::string& why) const {
    done(framed_bytes(
        letters, {.kind = refused, .sequence = framed_text(message).sequence, .content = why}));
}

bool AudioCard::connect() {
    if (line_ == nullptr && sound_.port() != 0) {
        try {
            line_ = std::make_shared<Line>(loop_.context(), sound_.port());
        } catch (const boost::system::system_error&) {
            return false;
        }
    }
    return line_ != nullptr;
}

void AudioCard::act(std::string message, Done done) {
    if (framed_text(message).kind == play) {
        if (!failures_.empty()) {
            refuse(message, done, failures_.front());
            failures_.erase(failures_.begin());
            return;
        }
        ++blocks_;
    }
    if (!connect()) {
        refuse(message, done, "the sound card or its server is gone");
        return;
    }
    line_->ask(message, [this, message, done = std::move(done)](std::optional<std::string> reply) {
        if (reply) {
            done(std::move(reply));
            return;
        }
        alone();
        refuse(message, done, "the sound card or its server is gone");
    });
}

void AudioCard::forget() {
    alone();
}

void AudioCard::alone() {
    if (line_ != nullptr) {
        line_->close();
        line_.reset();
    }
}

void AudioCard::power_on() {
    failures_.clear();
    alone();
    trying([this] { sound_.restart(); });
}

std::vector<Figure> AudioCard::figures() const {
    return {{"blocks", blocks_},
            {"xruns", sound_.xruns()},
            {"steps", room_.steps()},
            {"frames", room_.frames()}};
}

void AudioCard::disguise(std::string& reply, const std::string& other) const {
    FramedText message = framed_text(reply);
    if (message.kind == description) {
        std::string lines = other;
        std::ranges::replace(lines, ',', '\n');
        message.content = message.content.substr(0, message.content.find('\n') + 1) + lines + "\n";
        reply = framed_bytes(letters, message);
    }
}

void AudioCard::at_panel(std::string_view command) {
    const std::size_t blank = command.find(' ');
    const std::string_view word = command.substr(0, blank);
    const std::string_view rest =
        blank == std::string_view::npos ? std::string_view() : command.substr(blank + 1);
    const auto number = [&](double largest = most) { return number_in(word, rest, largest); };
    if (word == "stall") {
        sound_.stall(static_cast<unsigned>(number()));
    } else if (word == "delay") {
        room_.delay_by(static_cast<std::size_t>(number(most_delay)));
    } else if (word == "gain") {
        room_.amplify_by(number());
    } else if (word == "warm-up") {
        room_.cool_down(number());
    } else if (word == "speaker") {
        const std::size_t second = std::min(rest.find(' '), rest.size());
        const double which = number_in(word, rest.substr(0, second), Room::speakers);
        const std::string_view factor = rest.substr(std::min(second + 1, rest.size()));
        room_.turn(static_cast<std::size_t>(std::max(1.0, which)) - 1,
                   number_in(word, factor, most));
    } else if (word == "swap" || word == "unswap") {
        room_.swap(word == "swap");
    } else if (word == "kill") {
        alone();
        trying([this] { sound_.restart(); });
    } else {
        throw invalid_field("text",
                            fmt::format("{}; valid is stall N, delay FRAMES, gain FACTOR, warm-up "
                                        "SECONDS, swap, unswap, kill",
                                        in_quotes(command)));
    }
}

} // namespace phyll::bench
