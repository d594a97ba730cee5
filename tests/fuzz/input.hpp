#pragma once

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <type_traits>
#include <unistd.h>
#include <vector>

/// What the fuzzers have in common: how an input is taken apart, and what counts as a finding.
namespace phyll::fuzz {

/// Ends the program unless it holds: libFuzzer keeps the input then.
inline void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "finding: it does not hold that %s\n", what);
        std::abort();
    }
}

/// Calls `use`, and says whether it accepted its input. An Error, in words that can be sent, is how
/// code refuses what it reads; every other exception is a finding, and ends the program.
template <class Use>
bool expect_error_only(const Use& use) {
    try {
        use();
        return true;
    } catch (const Error& error) {
        require(utf8(error.what()) == error.what(), "an error's message is UTF-8");
        return false;
    }
}

inline std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes bytes off the front of an input; behind its end there are zeros.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size)
        : rest_(reinterpret_cast<const std::byte*>(data), size) {}

    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }

    /// The low byte first.
    template <class Number>
    Number number() {
        static_assert(std::is_integral_v<Number>);
        Number value{};
        const auto from = bytes(sizeof value);
        if (!from.empty()) {
            std::memcpy(&value, from.data(), from.size());
        }
        return value;
    }
    /// As many as are there.
    std::span<const std::byte> bytes(std::size_t most) {
        const auto taken = rest_.first(std::min(most, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    /// A length of two bytes, and so many bytes.
    std::span<const std::byte> part() { return bytes(number<std::uint16_t>()); }
    std::span<const std::byte> rest() { return bytes(rest_.size()); }

  private:
    std::span<const std::byte> rest_;
};

/// A file with these bytes that lies on no disk, for what is opened by its path.
class MemoryFile {
  public:
    explicit MemoryFile(std::span<const std::byte> content) : file_(::memfd_create("fuzz", 0)) {
        require(file_.get() >= 0 && ::write(file_.get(), content.data(), content.size()) ==
                                        static_cast<ssize_t>(content.size()),
                "there is room for a file in memory");
    }

    [[nodiscard]] std::string path() const {
        return "/proc/self/fd/" + std::to_string(file_.get());
    }

  private:
    Descriptor file_;
};

} // namespace phyll::fuzz
