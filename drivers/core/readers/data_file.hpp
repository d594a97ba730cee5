#pragma once

#include "drivers/core/bytes.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace phyll {

/// The content of a data file, wherever it is read from. A value: copies share it.
class DataFile {
  public:
    /// A content that is at hand.
    DataFile(const std::string& content); // NOLINT(google-explicit-constructor)
    /// `bytes` is not null. What it throws is passed on.
    explicit DataFile(std::shared_ptr<const ByteSource> bytes, std::filesystem::path path = {})
        : bytes_(std::move(bytes)), path_(std::move(path)) {}

    [[nodiscard]] std::uint64_t size() const { return bytes_->size(); }
    [[nodiscard]] const std::shared_ptr<const ByteSource>& bytes() const noexcept { return bytes_; }
    /// Where it lies on this machine; empty when it is no file there.
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    /// All of it, unpacked where gzip packed it. Throws RESOURCE_EXHAUSTED, naming `file`, when
    /// that is more than `most` bytes, INVALID_ARGUMENT when it cannot be unpacked.
    [[nodiscard]] std::string text(const std::string& file, std::uint64_t most) const;

  private:
    std::shared_ptr<const ByteSource> bytes_;
    std::filesystem::path path_;
};

/// Opens a file that a run names; throws NOT_FOUND when there is none.
using FileReader = std::function<DataFile(const std::string& path)>;

} // namespace phyll
