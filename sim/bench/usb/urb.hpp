#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace phyll::bench::usb {

using Bytes = std::vector<std::uint8_t>;

/// Of a bulk endpoint at high speed.
inline constexpr std::size_t packet_size = 512;

/// Addresses of the endpoints, the direction in their highest bit.
inline constexpr std::uint8_t bulk_out = 0x02;
inline constexpr std::uint8_t bulk_in = 0x81;
inline constexpr std::uint8_t interrupt_in = 0x83;

/// Somebody's open file of a device's node.
using File = const void*;

/// A transfer that a client has submitted, and what became of it.
struct Urb {
    enum class Kind { control, bulk, interrupt };

    Kind kind = Kind::bulk;
    std::uint8_t endpoint = 0;
    std::size_t room = 0; ///< for bytes that come in
    Bytes out{};          ///< bytes that go out; those of a control transfer begin with its setup

    int status = 0; ///< 0, or -errno as the kernel has it
    Bytes in{};

    File file = nullptr;
    std::uint64_t address = 0; ///< by which the client knows it
};

} // namespace phyll::bench::usb
