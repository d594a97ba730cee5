#pragma once

#include "drivers/core/error.hpp"

#include <H5Cpp.h>
#include <fmt/format.h>

#include <mutex>
#include <string>

namespace phyll::runs {

/// Debian's HDF5 is built without thread safety: whoever makes, uses or destroys an object of it
/// holds this.
[[nodiscard]] std::mutex& hdf5_mutex();

/// Does `work` with HDF5. What the library says is thrown as INTERNAL: "<file> cannot be made:
/// ...".
template <class Work>
auto with_hdf5(const std::string& file, const Work& work) {
    const std::lock_guard lock(hdf5_mutex());
    try {
        H5::Exception::dontPrint();
        return work();
    } catch (const H5::Exception& error) {
        throw Error(Code::internal,
                    fmt::format("{} cannot be made: {}", file, error.getDetailMsg()));
    }
}

/// A data set of one string: attributes are limited to 64 KiB.
void write_text(const H5::Group& parent, const std::string& name, const std::string& text);

} // namespace phyll::runs
