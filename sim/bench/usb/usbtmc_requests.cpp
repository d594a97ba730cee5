// The class requests of UsbtmcFunction: aborts, clear, status, capabilities.

#include "sim/bench/usb/usbtmc_function.hpp"

#include <algorithm>
#include <utility>

namespace phyll::bench::usb {
namespace {

/// USBTMC 1.0 with a pulse to see and ends at a character, USB488 1.0 with triggers and remote
/// control; SCPI, RL1 and DT1.
Bytes capabilities() {
    Bytes answer(24);
    answer[0] = usbtmc_status::success;
    answer[3] = 1;
    answer[4] = 4;
    answer[5] = 1;
    answer[13] = 1;
    answer[14] = 7;
    answer[15] = 11;
    return answer;
}

} // namespace

void UsbtmcFunction::put_size(Bytes& bytes, std::size_t size) {
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[4 + i] = static_cast<std::uint8_t>(size >> (8 * i));
    }
}

std::optional<Bytes> UsbtmcFunction::answer(const Request& request) {
    const auto tag = static_cast<std::uint8_t>(request.value);
    switch (request.number) {
    case request::initiate_abort_bulk_out:
        return initiate_abort_out(tag);
    case request::check_abort_bulk_out_status:
        return check_abort_out();
    case request::initiate_abort_bulk_in:
        return initiate_abort_in(tag);
    case request::check_abort_bulk_in_status:
        return check_abort_in();
    case request::initiate_clear:
        return initiate_clear();
    case request::check_clear_status:
        return check_clear();
    case request::get_capabilities:
        return capabilities();
    case request::read_status_byte:
        return read_status(tag);
    case request::indicator_pulse:
    case request::ren_control:
    case request::go_to_local:
    case request::local_lockout:
        return Bytes{usbtmc_status::success};
    default:
        return std::nullopt;
    }
}

Bytes UsbtmcFunction::initiate_abort_out(std::uint8_t tag) {
    if (!outgoing_) {
        return {usbtmc_status::failed, 0};
    }
    if (outgoing_->tag != tag) {
        return {usbtmc_status::transfer_not_in_progress, outgoing_->tag};
    }
    aborted_out_ = outgoing_->received;
    halt(bulk_out);
    return {usbtmc_status::success, tag};
}

Bytes UsbtmcFunction::check_abort_out() const {
    Bytes answer(8);
    answer[0] = aborted_out_ ? usbtmc_status::success : usbtmc_status::failed;
    put_size(answer, aborted_out_.value_or(0));
    return answer;
}

Bytes UsbtmcFunction::initiate_abort_in(std::uint8_t tag) {
    if (!asked_) {
        return {usbtmc_status::failed, 0};
    }
    if (asked_->tag != tag) {
        return {usbtmc_status::transfer_not_in_progress, asked_->tag};
    }
    aborted_in_ = 0;
    if (incoming_ && incoming_->sent > 0) {
        aborted_in_ =
            std::min(incoming_->size, incoming_->sent - std::min(incoming_->sent, header_size));
        put_reply({});
    }
    incoming_.reset();
    asked_.reset();
    ending_in_ = true;
    return {usbtmc_status::success, tag};
}

Bytes UsbtmcFunction::check_abort_in() const {
    Bytes answer(8);
    const std::uint8_t done = ending_in_ ? usbtmc_status::pending : usbtmc_status::success;
    answer[0] = aborted_in_ ? done : usbtmc_status::failed;
    answer[1] = ending_in_ ? 1 : 0;
    put_size(answer, aborted_in_.value_or(0));
    return answer;
}

Bytes UsbtmcFunction::initiate_clear() {
    ending_in_ = ending_in_ || (incoming_ && incoming_->sent > 0);
    forget_replies();
    halt(bulk_out);
    clearing_ = true;
    instrument_.clear();
    return {usbtmc_status::success};
}

/// Says once that it is not ready, as instruments do that take their time.
Bytes UsbtmcFunction::check_clear() {
    if (std::exchange(clearing_, false) || ending_in_) {
        return {usbtmc_status::pending, static_cast<std::uint8_t>(ending_in_ ? 1 : 0)};
    }
    return {usbtmc_status::success, 0};
}

/// An interface with an interrupt endpoint sends the byte itself there.
Bytes UsbtmcFunction::read_status(std::uint8_t tag) {
    constexpr std::uint8_t message_available = 0x10;
    constexpr std::uint8_t is_status = 0x80;
    if (notification_) {
        return {usbtmc_status::interrupt_in_busy, tag, 0};
    }
    const bool waits = !reply_.text.empty();
    const auto byte = static_cast<std::uint8_t>((instrument_.status_byte() & ~message_available) |
                                                (waits ? message_available : 0));
    notification_ = Bytes{static_cast<std::uint8_t>(is_status | tag), byte};
    return {usbtmc_status::success, tag, 0};
}

} // namespace phyll::bench::usb
