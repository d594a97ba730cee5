#include "drivers/core/temporary_folder.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace phyll {

TemporaryFolder::TemporaryFolder(const std::string& name) {
    const std::filesystem::path parent = std::filesystem::temp_directory_path();
    std::string path = (parent / (name + "-XXXXXX")).string();
    if (::mkdtemp(path.data()) == nullptr) {
        throw Error(Code::unavailable,
                    fmt::format("no folder can be made in {}: {}", parent.string(),
                                std::generic_category().message(errno)));
    }
    path_ = path;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace phyll
