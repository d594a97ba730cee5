#include "drivers/transports/usbtmc/frames.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

namespace phyll::transports::usbtmc {
namespace {

/// MsgID (table 2). A request and its answer have the same one.
constexpr std::uint8_t message_out = 1;
constexpr std::uint8_t message_in = 2;
/// In bmTransferAttributes.
constexpr std::uint8_t end_of_message = 0x01;

/// Class requests to an interface and to an endpoint, with data from the device.
constexpr std::uint8_t to_interface = 0xa1;
constexpr std::uint8_t to_endpoint = 0xa2;

Header header(std::uint8_t message, std::uint8_t tag, std::uint32_t size,
              std::uint8_t attributes) noexcept {
    const auto byte = [](std::uint32_t value) { return static_cast<std::byte>(value & 0xffU); };
    return {byte(message),     byte(tag),         byte(~std::uint32_t{tag}),
            std::byte{0},      byte(size),        byte(size >> 8U),
            byte(size >> 16U), byte(size >> 24U), byte(attributes),
            std::byte{0},      std::byte{0},      std::byte{0}};
}

std::uint8_t number_at(std::span<const std::byte> bytes, std::size_t place) {
    return std::to_integer<std::uint8_t>(bytes[place]);
}

Error no_answer(const std::string& why) {
    return {Code::data_loss, fmt::format("what it sent is no answer of USBTMC: {}", why)};
}

} // namespace

Header message_header(std::uint8_t tag, std::uint32_t size, bool end) noexcept {
    return header(message_out, tag, size, end ? end_of_message : 0);
}

Header request_header(std::uint8_t tag, std::uint32_t most) noexcept {
    return header(message_in, tag, most, 0);
}

Piece piece_in(std::span<const std::byte> transfer, std::uint8_t tag, std::size_t most) {
    if (transfer.size() < header_size) {
        throw no_answer(
            fmt::format("{} bytes, where the header alone has {}", transfer.size(), header_size));
    }
    const std::uint8_t message = number_at(transfer, 0);
    const std::uint8_t its_tag = number_at(transfer, 1);
    if (message != message_in) {
        throw no_answer(
            fmt::format("its MsgID is {}, and that of an answer is {}", message, message_in));
    }
    if (its_tag != tag || number_at(transfer, 2) != static_cast<std::uint8_t>(~tag)) {
        throw no_answer(
            fmt::format("its bTag is {}, and that of the request was {}", its_tag, tag));
    }
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        size |= std::size_t{number_at(transfer, 4 + i)} << (8 * i);
    }
    if (size > most) {
        throw no_answer(
            fmt::format("its TransferSize is {}, and at most {} bytes were asked for", size, most));
    }
    const std::size_t there = transfer.size() - header_size;
    if (there < size || there - size >= 4) {
        throw no_answer(
            fmt::format("its TransferSize is {}, and {} bytes follow the header", size, there));
    }
    const bool end = (number_at(transfer, 8) & end_of_message) != 0;
    if (size == 0 && !end) {
        throw no_answer("it holds nothing and ends nothing");
    }
    return {.bytes = transfer.subspan(header_size, size), .end = end};
}

ControlRequest initiate_abort_out(const Interface& of, std::uint8_t tag) noexcept {
    return {.type = to_endpoint, .request = 1, .value = tag, .index = of.out, .length = 2};
}
ControlRequest check_abort_out(const Interface& of) noexcept {
    return {.type = to_endpoint, .request = 2, .value = 0, .index = of.out, .length = 8};
}
ControlRequest initiate_abort_in(const Interface& of, std::uint8_t tag) noexcept {
    return {.type = to_endpoint, .request = 3, .value = tag, .index = of.in, .length = 2};
}
ControlRequest check_abort_in(const Interface& of) noexcept {
    return {.type = to_endpoint, .request = 4, .value = 0, .index = of.in, .length = 8};
}
ControlRequest initiate_clear(const Interface& of) noexcept {
    return {.type = to_interface, .request = 5, .value = 0, .index = of.number, .length = 1};
}
ControlRequest check_clear(const Interface& of) noexcept {
    return {.type = to_interface, .request = 6, .value = 0, .index = of.number, .length = 2};
}
ControlRequest get_capabilities(const Interface& of) noexcept {
    return {.type = to_interface, .request = 7, .value = 0, .index = of.number, .length = 24};
}

} // namespace phyll::transports::usbtmc
