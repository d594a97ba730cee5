#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace phyll::test {

/// A folder of its own for one test, removed with everything in it.
class TempDir {
  public:
    TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  private:
    std::filesystem::path path_;
};

/// A file of the real data sets (`PHYLL_DATA_DIR`, by default ../shared/data beside the project),
/// or nothing, with a word on standard error, where they are not at hand.
[[nodiscard]] std::optional<std::filesystem::path> real_data(std::string_view file);

} // namespace phyll::test
