#pragma once

#include <filesystem>
#include <string>

namespace phyll {

/// A folder that is gone, with everything in it, when this is.
class TemporaryFolder {
  public:
    /// Where the system has such folders, with a name that begins so. Throws UNAVAILABLE when none
    /// can be made.
    explicit TemporaryFolder(const std::string& name);
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  private:
    std::filesystem::path path_;
};

} // namespace phyll
