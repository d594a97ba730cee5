#include "tests/support/data_files.hpp"

#include <zip.h>
#include <zlib.h>

#include <stdexcept>

namespace phyll::test {

std::string idx(const std::vector<std::uint32_t>& shape, const std::string& bytes) {
    std::string file("\0\0\x08", 3);
    file += static_cast<char>(shape.size());
    for (const std::uint32_t extent : shape) {
        for (unsigned shift = 32; shift > 0; shift -= 8) {
            file += static_cast<char>(extent >> (shift - 8));
        }
    }
    return file + bytes;
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& bytes) {
    return npy_with_header(
        "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }", bytes);
}

std::string npy_with_header(const std::string& header, const std::string& bytes, unsigned version) {
    const std::size_t size_bytes = version == 1 ? 2 : 4;
    std::string padded = header;
    while ((8 + size_bytes + padded.size() + 1) % 64 != 0) {
        padded += ' ';
    }
    padded += '\n';
    std::string file = "\x93NUMPY";
    file += static_cast<char>(version);
    file += '\0';
    for (std::size_t i = 0; i < size_bytes; ++i) {
        file += static_cast<char>(padded.size() >> (8 * i));
    }
    return file + padded + bytes;
}

std::string gzip(const std::string& content) {
    z_stream state{};
    constexpr int gzip_format = 16;
    if (deflateInit2(&state, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_format + MAX_WBITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::runtime_error("deflateInit2");
    }
    std::string packed(deflateBound(&state, content.size()), '\0');
    std::string from = content;
    state.next_in = reinterpret_cast<Bytef*>(from.data());
    state.avail_in = static_cast<uInt>(from.size());
    state.next_out = reinterpret_cast<Bytef*>(packed.data());
    state.avail_out = static_cast<uInt>(packed.size());
    const int status = deflate(&state, Z_FINISH);
    packed.resize(state.total_out);
    deflateEnd(&state);
    if (status != Z_STREAM_END) {
        throw std::runtime_error("deflate");
    }
    return packed;
}

std::string zip(const std::vector<std::pair<std::string, std::string>>& entries, bool deflated) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* buffer = zip_source_buffer_create(nullptr, 0, 0, &error);
    zip_source_keep(buffer);
    zip_t* archive = zip_open_from_source(buffer, ZIP_TRUNCATE, &error);
    for (const auto& [name, content] : entries) {
        zip_source_t* entry = zip_source_buffer(archive, content.data(), content.size(), 0);
        const zip_int64_t index = zip_file_add(archive, name.c_str(), entry, 0);
        zip_set_file_compression(archive, static_cast<zip_uint64_t>(index),
                                 deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
        zip_file_set_mtime(archive, static_cast<zip_uint64_t>(index), 0, 0);
    }
    if (zip_close(archive) != 0) {
        throw std::runtime_error(zip_strerror(archive));
    }
    zip_source_open(buffer);
    zip_source_seek(buffer, 0, SEEK_END);
    std::string file(static_cast<std::size_t>(zip_source_tell(buffer)), '\0');
    zip_source_seek(buffer, 0, SEEK_SET);
    zip_source_read(buffer, file.data(), file.size());
    zip_source_close(buffer);
    zip_source_free(buffer);
    return file;
}

std::vector<std::string> spoiled(const std::string& content) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < content.size(); ++i) {
        all.push_back(content.substr(0, i));
        for (const unsigned mask : {1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U, 255U}) {
            std::string& flipped = all.emplace_back(content);
            flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ mask);
        }
    }
    return all;
}

} // namespace phyll::test
