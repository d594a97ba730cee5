#include "sim/bench/usb/usbtmc_function.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace phyll::bench::usb {
namespace {

/// The little-endian number of four bytes of a header.
std::size_t size_in(std::span<const std::uint8_t> header) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        size |= std::size_t{header[4 + i]} << (8 * i);
    }
    return size;
}

constexpr std::size_t up_to_alignment(std::size_t size) {
    return (size + alignment - 1) / alignment * alignment;
}

/// Of a reply in pieces each transfer has the so-manieth part of what is left.
constexpr std::size_t piece = 7;

} // namespace

void UsbtmcFunction::reply(std::uint64_t number, Reply reply) {
    if (number < wanted_) {
        return;
    }
    if (reply.text.empty()) {
        stall_next_out_ = stall_next_out_ || reply.stall;
        return;
    }
    if (number < messages_) {
        instrument_.interrupted();
        return;
    }
    put_reply(std::move(reply));
}

bool UsbtmcFunction::bulk_out_bytes(std::span<const std::uint8_t> bytes) {
    if (out_halted_) {
        return false;
    }
    if (std::exchange(stall_next_out_, false)) {
        return stall(bulk_out);
    }
    if (!outgoing_) {
        if (bytes.empty()) {
            return true; // It ends a transfer that was complete without it.
        }
        if (bytes.size() < header_size || !begin(bytes.first(header_size), bytes.size())) {
            return stall(bulk_out);
        }
        if (!outgoing_) {
            return true;
        }
        bytes = bytes.subspan(header_size);
        return take(bytes) || stall(bulk_out);
    }
    return take(bytes) || stall(bulk_out);
}

bool UsbtmcFunction::begin(std::span<const std::uint8_t> header, std::size_t length) {
    const std::uint8_t tag = header[1];
    if (tag == 0 || header[2] != static_cast<std::uint8_t>(~tag)) {
        return false;
    }
    switch (header[0]) {
    case message_id::dev_dep_msg_out:
        return begin_message(header);
    case message_id::dev_dep_msg_in:
        return ask(header, length);
    case message_id::trigger:
        if (length != header_size) {
            return false;
        }
        send("*TRG");
        return true;
    default:
        return false;
    }
}

bool UsbtmcFunction::begin_message(std::span<const std::uint8_t> header) {
    const std::size_t size = size_in(header);
    if (size == 0) {
        return false;
    }
    if (message_.size() + size > largest_message) {
        instrument_.too_long();
        return false;
    }
    outgoing_ = Outgoing{
        .tag = header[1], .size = size, .received = 0, .end = (header[8] & end_of_message) != 0};
    return true;
}

bool UsbtmcFunction::ask(std::span<const std::uint8_t> header, std::size_t length) {
    const std::size_t most = size_in(header);
    if (length != header_size || most == 0 || asked_) {
        return false;
    }
    asked_ = Asked{.tag = header[1], .most = most};
    if ((header[8] & term_char) != 0) {
        asked_->end_at = static_cast<char>(header[9]);
    }
    return true;
}

/// Its last packet is the first that is not full.
bool UsbtmcFunction::take(std::span<const std::uint8_t> bytes) {
    const std::size_t missing = outgoing_->size - outgoing_->received;
    const std::size_t count = std::min(missing, bytes.size());
    message_.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    outgoing_->received += count;
    if (count < missing) {
        // The header has been taken off the first packet.
        const bool first = outgoing_->received == count;
        return (bytes.size() + (first ? header_size : 0)) % packet_size == 0 && !bytes.empty();
    }
    if (bytes.size() - count >= alignment) {
        return false;
    }
    const bool end = outgoing_->end;
    outgoing_.reset();
    if (end) {
        hand_over();
    }
    return true;
}

void UsbtmcFunction::hand_over() {
    std::string text = std::exchange(message_, {});
    for (const char end : {'\n', '\r'}) {
        if (text.ends_with(end)) {
            text.pop_back();
        }
    }
    send(std::move(text));
}

void UsbtmcFunction::send(std::string text) {
    if (!reply_.text.empty() && !incoming_) {
        put_reply({});
        instrument_.interrupted();
    }
    instrument_.message(++messages_, std::move(text));
}

void UsbtmcFunction::put_reply(Reply reply) {
    reply_ = std::move(reply);
    reply_sent_ = 0;
}

bool UsbtmcFunction::stall(std::uint8_t endpoint) {
    ++stalls_;
    halt(endpoint);
    return false;
}

UsbtmcFunction::In UsbtmcFunction::bulk_in_bytes(std::size_t room) {
    if (in_halted_) {
        return {.kind = In::Kind::stall};
    }
    if (std::exchange(ending_in_, false)) {
        return {.kind = In::Kind::bytes};
    }
    if (!incoming_) {
        if (!asked_ || reply_.text.empty()) {
            return {};
        }
        if (reply_.stall) {
            stall(bulk_in);
            return {.kind = In::Kind::stall};
        }
        open();
    }
    const std::size_t left = incoming_->bytes.size() - incoming_->sent;
    if (left > room && room % packet_size != 0) {
        finish();
        return {.kind = In::Kind::overflow};
    }
    const std::size_t count = std::min(left, room);
    const auto from = incoming_->bytes.begin() + static_cast<std::ptrdiff_t>(incoming_->sent);
    In in{.kind = In::Kind::bytes, .bytes = {from, from + static_cast<std::ptrdiff_t>(count)}};
    incoming_->sent += count;
    // A transfer of full packets ends with an empty one, which has no room in a buffer that is
    // full.
    const bool last_is_short = incoming_->bytes.size() % packet_size != 0 || count < room;
    if (incoming_->sent == incoming_->bytes.size() && last_is_short) {
        finish();
    }
    return in;
}

void UsbtmcFunction::open() {
    const std::string_view left = std::string_view(reply_.text).substr(reply_sent_);
    std::size_t size = std::min(asked_->most, left.size());
    if (reply_.in_pieces) {
        size = std::min(size, (left.size() + piece - 1) / piece);
    }
    std::uint8_t attributes = 0;
    if (asked_->end_at) {
        const std::size_t at = left.find(*asked_->end_at);
        if (at < size) {
            size = at + 1;
            attributes |= term_char;
        }
    }
    if (size == left.size()) {
        attributes |= end_of_message;
    }
    Bytes bytes(header_size + up_to_alignment(size));
    bytes[0] = message_id::dev_dep_msg_in;
    bytes[1] = asked_->tag;
    bytes[2] = static_cast<std::uint8_t>(~asked_->tag);
    put_size(bytes, size);
    bytes[8] = attributes;
    std::copy_n(left.begin(), size, bytes.begin() + header_size);
    incoming_ = Incoming{.bytes = std::move(bytes), .size = size};
}

void UsbtmcFunction::finish() {
    reply_sent_ += incoming_->size;
    if (reply_sent_ >= reply_.text.size()) {
        put_reply({});
    }
    incoming_.reset();
    asked_.reset();
}

std::optional<Bytes> UsbtmcFunction::notification() {
    return std::exchange(notification_, std::nullopt);
}

bool UsbtmcFunction::halted(std::uint8_t endpoint) const {
    return (endpoint == bulk_out && out_halted_) || (endpoint == bulk_in && in_halted_);
}

void UsbtmcFunction::halt(std::uint8_t endpoint) {
    if (endpoint == bulk_out) {
        out_halted_ = true;
        outgoing_.reset();
        message_.clear();
    } else if (endpoint == bulk_in) {
        in_halted_ = true;
        incoming_.reset();
        asked_.reset();
        put_reply({});
    }
}

void UsbtmcFunction::clear_halt(std::uint8_t endpoint) {
    if (endpoint == bulk_out) {
        out_halted_ = false;
    } else if (endpoint == bulk_in) {
        in_halted_ = false;
    }
}

void UsbtmcFunction::forget_replies() {
    wanted_ = messages_ + 1;
    put_reply({});
    incoming_.reset();
    asked_.reset();
    stall_next_out_ = false;
}

void UsbtmcFunction::reset() {
    forget_replies();
    message_.clear();
    outgoing_.reset();
    notification_.reset();
    aborted_out_.reset();
    aborted_in_.reset();
    ending_in_ = false;
    clearing_ = false;
    out_halted_ = false;
    in_halted_ = false;
}

} // namespace phyll::bench::usb
