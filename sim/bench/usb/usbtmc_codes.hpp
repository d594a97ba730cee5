#pragma once

#include <cstddef>
#include <cstdint>

/// Numbers of "USB Test and Measurement Class Specification" 1.0 and of its subclass "USB488" 1.0.
namespace phyll::bench::usb {

/// What a bulk transfer is, its first byte.
namespace message_id {
inline constexpr std::uint8_t dev_dep_msg_out = 1;
inline constexpr std::uint8_t dev_dep_msg_in = 2; ///< and the request for it
inline constexpr std::uint8_t trigger = 128;
} // namespace message_id

namespace request {
inline constexpr std::uint8_t initiate_abort_bulk_out = 1;
inline constexpr std::uint8_t check_abort_bulk_out_status = 2;
inline constexpr std::uint8_t initiate_abort_bulk_in = 3;
inline constexpr std::uint8_t check_abort_bulk_in_status = 4;
inline constexpr std::uint8_t initiate_clear = 5;
inline constexpr std::uint8_t check_clear_status = 6;
inline constexpr std::uint8_t get_capabilities = 7;
inline constexpr std::uint8_t indicator_pulse = 64;
inline constexpr std::uint8_t read_status_byte = 128;
inline constexpr std::uint8_t ren_control = 160;
inline constexpr std::uint8_t go_to_local = 161;
inline constexpr std::uint8_t local_lockout = 162;
} // namespace request

/// The first byte of what a request is answered with.
namespace usbtmc_status {
inline constexpr std::uint8_t success = 0x01;
inline constexpr std::uint8_t pending = 0x02;
inline constexpr std::uint8_t interrupt_in_busy = 0x20;
inline constexpr std::uint8_t failed = 0x80;
inline constexpr std::uint8_t transfer_not_in_progress = 0x81;
} // namespace usbtmc_status

/// Attributes of a transfer.
inline constexpr std::uint8_t end_of_message = 0x01;
inline constexpr std::uint8_t term_char = 0x02; ///< asked for, or what ended it

/// Of every bulk transfer; its data follow, and bytes up to a multiple of 4.
inline constexpr std::size_t header_size = 12;
inline constexpr std::size_t alignment = 4;

} // namespace phyll::bench::usb
