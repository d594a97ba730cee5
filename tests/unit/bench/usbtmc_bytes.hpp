#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace phyll::test {

// Transfers of USBTMC as a host sends and gets them.

[[nodiscard]] std::vector<std::uint8_t> header(std::uint8_t id, std::uint8_t tag,
                                               std::uint32_t size, std::uint8_t attributes,
                                               std::uint8_t end_at = 0);
[[nodiscard]] std::vector<std::uint8_t> message(std::uint8_t tag, const std::string& text,
                                                bool end = true);
[[nodiscard]] std::vector<std::uint8_t> request_in(std::uint8_t tag, std::uint32_t size);
[[nodiscard]] std::vector<std::uint8_t> reply(std::uint8_t tag, const std::string& text,
                                              std::uint8_t attributes);

} // namespace phyll::test
