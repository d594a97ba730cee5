#include "drivers/instruments/message_link.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

namespace phyll::instruments {

/// What fails ends the connection; the words are the instrument's.
template <class Exchange>
auto MessageLink::exchange(const Patience& patience, Exchange what) {
    try {
        if (patience.deadline.passed(clock_)) {
            throw Error(Code::deadline_exceeded, "its turn came after the deadline");
        }
        return what();
    } catch (const Error& error) {
        port_->disconnect();
        claim_.lost(error.what());
        throw error_of(claim_.settings().name, error);
    }
}

MessageLink::MessageLink(const InstrumentSettings& settings, const std::filesystem::path& lock_dir,
                         const Framing& framing, const Clock& clock)
    : claim_(settings, lock_dir),
      framing_(framing),
      clock_(clock),
      log_(std::make_shared<transports::TrafficLog>(clock)),
      port_(transports::open_byte_port(settings.address, settings.line, clock, *log_)) {}

void MessageLink::connect(const Greet& greet, const Patience& patience) {
    if (port_->connected()) {
        return;
    }
    exchange(patience, [&] {
        claim_.lock_address();
        port_->connect(patience);
        received_.clear();
        greeting_ = true;
        struct Greeted {
            bool& greeting;
            ~Greeted() { greeting = false; }
        } const greeted{greeting_};
        const Identity identity = greet(patience);
        claim_.accept(identity);
        claim_.connected(identity, ++life_);
    });
}

FramedMessage MessageLink::ask(std::uint32_t kind, std::span<const std::byte> content,
                               std::uint32_t answer, const Patience& patience,
                               std::uint32_t otherwise) {
    if (greeting_) {
        return asked(kind, content, answer, otherwise, patience);
    }
    return exchange(patience, [&] { return asked(kind, content, answer, otherwise, patience); });
}

FramedMessage MessageLink::asked(std::uint32_t kind, std::span<const std::byte> content,
                                 std::uint32_t answer, std::uint32_t otherwise,
                                 const Patience& patience) {
    const Patience bounded = patience.within(clock_, claim_.settings().timeout);
    port_->write(encode(framing_, kind, ++sequence_, content), bounded);
    for (;;) {
        FramedMessage message = next(bounded, patience);
        // Who is refused from the start is told so without having asked.
        if (message.kind == framing_.refused) {
            throw Error(Code::unavailable, fmt::format("it refuses: {}", text_of(message.content)));
        }
        if (message.sequence == sequence_ &&
            (message.kind == answer || (otherwise != 0 && message.kind == otherwise))) {
            return message;
        }
    }
}

FramedMessage MessageLink::next(const Patience& bounded, const Patience& patience) {
    std::array<std::byte, std::size_t{64} << 10U> bytes; // NOLINT: filled by what is read
    for (;;) {
        if (std::optional<FramedMessage> message = take_message(framing_, received_)) {
            return *std::move(message);
        }
        try {
            const std::size_t count = port_->read_some(bytes, bounded);
            received_.insert(received_.end(), bytes.begin(),
                             bytes.begin() + static_cast<std::ptrdiff_t>(count));
        } catch (const Error& error) {
            if (error.code() != Code::deadline_exceeded || patience.deadline.passed(clock_)) {
                throw;
            }
            throw Error(Code::unavailable,
                        fmt::format("it did not answer in time, which is {:g} s (its option "
                                    "timeout)",
                                    claim_.settings().timeout.count()));
        }
    }
}

void MessageLink::shut() noexcept {
    port_->shut();
    claim_.give_up();
}

} // namespace phyll::instruments
