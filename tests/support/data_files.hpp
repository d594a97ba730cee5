#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// Data files as others write them, made in memory.
namespace phyll::test {

/// The bytes of numbers as they lie in memory.
template <class Number>
[[nodiscard]] std::string raw(const std::vector<Number>& numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

/// An IDX file of unsigned bytes.
[[nodiscard]] std::string idx(const std::vector<std::uint32_t>& shape, const std::string& bytes);

/// An .npy file: descr as "<f4", shape as "(2, 3)".
[[nodiscard]] std::string npy(const std::string& descr, const std::string& shape,
                              const std::string& bytes);
/// With a header of one's own.
[[nodiscard]] std::string npy_with_header(const std::string& header, const std::string& bytes,
                                          unsigned version = 1);

/// What gzip makes of it.
[[nodiscard]] std::string gzip(const std::string& content);

/// A zip archive of (name, content), deflated or stored.
[[nodiscard]] std::string zip(const std::vector<std::pair<std::string, std::string>>& entries,
                              bool deflated = true);

/// Every way of spoiling a byte that a robustness test tries: cut off before it, each bit turned,
/// all bits turned.
[[nodiscard]] std::vector<std::string> spoiled(const std::string& content);

} // namespace phyll::test
