#include "drivers/core/readers/data_file.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace phyll {

DataFile::DataFile(const std::string& content) {
    std::vector<std::byte> bytes(content.size());
    std::ranges::copy(std::as_bytes(std::span(content)), bytes.begin());
    bytes_ = std::make_shared<MemoryBytes>(std::move(bytes));
}

std::string DataFile::text(const std::string& file, std::uint64_t most) const {
    if (size() > most) {
        throw Error(Code::resource_exhausted,
                    fmt::format("{} has {} bytes; a file of this kind is read as a whole and may "
                                "have {} at most",
                                file, size(), most));
    }
    std::string content(size(), '\0');
    bytes_->read(0, std::as_writable_bytes(std::span(content)));
    return content;
}

} // namespace phyll
