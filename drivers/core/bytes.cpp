#include "drivers/core/bytes.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll {

void MemoryBytes::read(std::uint64_t offset, std::span<std::byte> into) const {
    check_within(offset, into.size(), content_.size());
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
}

void MemoryBytes::resize(std::uint64_t bytes) {
    content_.resize(bytes);
    if (bytes == 0) {
        content_.shrink_to_fit();
    }
}

void MemoryBytes::write(std::uint64_t offset, std::span<const std::byte> from) {
    check_within(offset, from.size(), content_.size());
    std::ranges::copy(from, content_.begin() + static_cast<std::ptrdiff_t>(offset));
}

std::unique_ptr<ByteStore> make_bytes(const MakeByteStore& make) {
    return make ? make() : std::make_unique<MemoryBytes>();
}

void check_within(std::uint64_t offset, std::uint64_t count, std::uint64_t size) {
    if (offset > size || count > size - offset) {
        throw Error(Code::out_of_range,
                    fmt::format("{} bytes from byte {} on were asked for; there "
                                "are {} in all",
                                count, offset, size));
    }
}

} // namespace phyll
