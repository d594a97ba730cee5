#include "drivers/core/readers/data_file.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/readers/byte_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace phyll {
namespace {

constexpr std::size_t piece = std::size_t{1} << 16U;

} // namespace

DataFile::DataFile(const std::string& content) {
    std::vector<std::byte> bytes(content.size());
    std::ranges::copy(std::as_bytes(std::span(content)), bytes.begin());
    bytes_ = std::make_shared<MemoryBytes>(std::move(bytes));
}

std::string DataFile::text(const std::string& file, std::uint64_t most) const {
    // What is too large before it is unpacked is not read at all.
    if (size() > most) {
        throw Error(Code::resource_exhausted,
                    fmt::format("{} has {} bytes; a file of this kind is read as a whole and may "
                                "have {} at most",
                                file, size(), most));
    }
    const std::unique_ptr<ByteStream> stream = open_stream(*this, file);
    std::string content;
    for (std::size_t count = piece; count == piece;) {
        const std::size_t have = content.size();
        content.resize(have + piece);
        count = stream->read_some(std::as_writable_bytes(std::span(content).subspan(have)));
        content.resize(have + count);
        if (content.size() > most) {
            throw Error(
                Code::resource_exhausted,
                fmt::format("{} has more than {} bytes of text; a file of this kind is read "
                            "as a whole and may have no more",
                            file, most));
        }
    }
    return content;
}

} // namespace phyll
