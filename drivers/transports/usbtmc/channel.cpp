#include "drivers/transports/usbtmc/channel.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::transports::usbtmc {
namespace {

/// Transfers that are full never end at the end of a packet, so that no device has to mark their
/// end by an empty packet, which some forget: the header is shorter than a packet.
constexpr std::size_t step = 1024;
static_assert(Channel::largest % step == 0);

/// Between two questions whether a device is done.
constexpr std::chrono::milliseconds between_checks{20};
/// As many of them as fill the five seconds that the class leaves a device at most.
constexpr int most_checks = 250;
/// A device that always has something left is not emptied for ever.
constexpr int most_drained = 256;
/// Capabilities of an interface: only talks, only listens (section 4.2.1.8).
constexpr std::uint8_t one_way = 0x03;

constexpr std::size_t rounded_up(std::size_t value, std::size_t to) {
    return (value + to - 1) / to * to;
}

Status status_of(std::span<const std::byte> answer) {
    return static_cast<Status>(answer[0]);
}

Error stalled(std::string_view what) {
    return {Code::unavailable, fmt::format("it stalled the transfer of {}", what)};
}

} // namespace

void Channel::greet(const Patience& patience) {
    sending_.reset();
    receiving_.reset();
    const auto capabilities = ask(get_capabilities(device_.interface()), patience);
    if (!capabilities || status_of(*capabilities) != Status::success) {
        throw Error(Code::unavailable, "it does not say what it can, as USBTMC has it");
    }
    if ((std::to_integer<std::uint8_t>((*capabilities)[4]) & one_way) != 0) {
        throw Error(Code::unavailable,
                    "it says that it only talks or only listens, and cannot be asked anything");
    }
    clear(patience);
}

void Channel::write(std::span<const std::byte> message, const Patience& patience) {
    static constexpr std::byte line_feed{'\n'};
    if (message.empty()) {
        message = {&line_feed, 1}; // a transfer of no bytes is against the rules
    }
    while (!message.empty()) {
        const std::size_t size = std::min(message.size(), largest);
        const std::uint8_t tag = tags_.next();
        const bool end = size == message.size();
        sending_ = tag;
        send(tag, message_header(tag, static_cast<std::uint32_t>(size), end), message.first(size),
             patience);
        sending_.reset();
        message = message.subspan(size);
    }
}

bool Channel::read(std::string& into, std::size_t wanted, const Patience& patience) {
    const std::size_t most = std::min(rounded_up(std::clamp(wanted, step, largest), step), largest);
    const std::uint8_t tag = tags_.next();
    sending_ = tag;
    send(tag, request_header(tag, static_cast<std::uint32_t>(most)), {}, patience);
    sending_.reset();
    receiving_ = tag;
    const std::span<std::byte> space = room(header_size + most + padding_after(most));
    const Moved moved = device_.receive(space, patience);
    receiving_.reset();
    if (moved.stalled) {
        device_.clear_halt(Bulk::in, patience);
        throw stalled("an answer");
    }
    const Piece piece = piece_in(space.first(moved.bytes), tag, most);
    into.append(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
    return piece.end;
}

void Channel::clear(const Patience& patience) {
    abort_in(patience);
    abort_out(patience);
    const auto begun = ask(initiate_clear(device_.interface()), patience);
    if (!begun || status_of(*begun) != Status::success ||
        !finish(check_clear(device_.interface()), patience)) {
        throw Error(Code::unavailable, "it cannot be cleared, as USBTMC has it");
    }
    device_.clear_halt(Bulk::out, patience);
}

void Channel::send(std::uint8_t tag, const Header& header, std::span<const std::byte> bytes,
                   const Patience& patience) {
    frame_.assign(header.begin(), header.end());
    frame_.insert(frame_.end(), bytes.begin(), bytes.end());
    frame_.resize(frame_.size() + padding_after(bytes.size()));
    if (device_.send(frame_, patience).stalled) {
        sending_.reset(); // a device that refused a transfer has none under way
        device_.clear_halt(Bulk::out, patience);
        throw stalled(fmt::format("a message (bTag {})", tag));
    }
}

void Channel::abort_out(const Patience& patience) {
    const std::optional<std::uint8_t> tag = std::exchange(sending_, std::nullopt);
    if (!tag) {
        return;
    }
    const auto begun = ask(initiate_abort_out(device_.interface(), *tag), patience);
    if (begun && status_of(*begun) == Status::success) {
        static_cast<void>(finish(check_abort_out(device_.interface()), patience));
        device_.clear_halt(Bulk::out, patience);
    }
}

void Channel::abort_in(const Patience& patience) {
    const std::optional<std::uint8_t> tag = std::exchange(receiving_, std::nullopt);
    if (!tag) {
        return;
    }
    // A device that says that nothing was under way may be right; what clears it comes next.
    const auto begun = ask(initiate_abort_in(device_.interface(), *tag), patience);
    if (begun && status_of(*begun) == Status::success) {
        drain(patience);
        static_cast<void>(finish(check_abort_in(device_.interface()), patience));
    }
}

bool Channel::finish(const ControlRequest& check, const Patience& patience) {
    for (int i = 0; i < most_checks; ++i) {
        const auto answer = ask(check, patience);
        if (!answer || status_of(*answer) != Status::pending) {
            return answer && status_of(*answer) == Status::success;
        }
        // bmClear, bmAbortBulkIn: what it has still to send must be taken from it first. The same
        // bit is reserved, and 0, where it is done with what it received.
        if ((std::to_integer<std::uint8_t>((*answer)[1]) & 1U) != 0) {
            drain(patience);
        } else {
            wait(clock_, between_checks, patience);
        }
    }
    return false;
}

void Channel::drain(const Patience& patience) {
    const std::span<std::byte> space = room(std::size_t{64} << 10U);
    for (int i = 0; i < most_drained; ++i) {
        const Moved moved = device_.receive_left(space, patience);
        if (moved.stalled) {
            device_.clear_halt(Bulk::in, patience);
        }
        if (moved.bytes < space.size()) {
            return;
        }
    }
}

std::optional<std::vector<std::byte>> Channel::ask(const ControlRequest& request,
                                                   const Patience& patience) {
    std::vector<std::byte> answer(request.length);
    if (device_.control(request, answer, patience).stalled) {
        return std::nullopt;
    }
    return answer;
}

std::span<std::byte> Channel::room(std::size_t bytes) {
    // A packet more than bytes need, so that it always is a short one that ends the transfer.
    const std::size_t packet = device_.interface().in_packet;
    const std::size_t size = rounded_up(bytes, packet) + packet;
    if (room_.size() < size) {
        room_.resize(size);
    }
    return std::span(room_).first(size);
}

} // namespace phyll::transports::usbtmc
