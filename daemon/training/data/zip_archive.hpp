#pragma once

#include "drivers/core/readers/byte_stream.hpp"
#include "drivers/core/readers/data_file.hpp"

#include <memory>
#include <string>
#include <vector>

namespace phyll::training {

/// A zip archive that is read where it lies. Everything throws INVALID_ARGUMENT, naming the file,
/// for what is damaged or cannot be unpacked; a checksum that is wrong is found by the stream's
/// `end`. Thread rule: one caller at a time, its streams included.
class ZipArchive {
  public:
    ZipArchive(const DataFile& content, std::string file);
    ~ZipArchive();

    [[nodiscard]] std::vector<std::string> entries() const;
    [[nodiscard]] bool has(const std::string& entry) const;
    /// The unpacked bytes of an entry that is there. Does not outlive this.
    [[nodiscard]] std::unique_ptr<ByteStream> open(const std::string& entry) const;

  private:
    struct Handle;
    std::string file_;
    std::unique_ptr<Handle> handle_;
};

} // namespace phyll::training
