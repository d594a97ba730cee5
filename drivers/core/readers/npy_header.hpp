#pragma once

#include "drivers/core/readers/byte_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll {

/// What the header of an .npy file says (numpy.lib.format, versions 1 to 3).
struct NpyHeader {
    enum class Type { u1, i1, i2, i4, i8, f4, f8, text, bytes };
    Type type = Type::u1;
    std::size_t item_bytes = 1; ///< of one value
    std::vector<std::uint64_t> shape;

    /// How many there are; the largest number when 64 bits cannot say it.
    [[nodiscard]] std::uint64_t values() const;
};

/// Reads the header and leaves `stream` at the first value. Fails with byte and reason for whatever
/// is no array, or one of other numbers than those of `Type` (big-endian ones, objects, structures
/// and so on, by name), or in Fortran order.
[[nodiscard]] NpyHeader read_npy_header(ByteStream& stream);

/// The header of a file of that type ("<f4") and shape, in C order, padded to at least `bytes`: one
/// that is to be written again when the shape is known leaves room for that.
[[nodiscard]] std::string write_npy_header(std::string_view type,
                                           std::span<const std::uint64_t> shape,
                                           std::size_t bytes = 0);

} // namespace phyll
