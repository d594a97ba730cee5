#include "tests/support/paths.hpp"

#include <cstdlib>
#include <iostream>
#include <string>
#include <system_error>

namespace phyll::test {

TempDir::TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "phyll-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
    }
    path_ = name;
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::optional<std::filesystem::path> real_data(std::string_view file) {
    const char* configured = std::getenv("PHYLL_DATA_DIR");
    const std::filesystem::path root = configured != nullptr ? configured : PHYLL_DEFAULT_DATA_DIR;
    std::filesystem::path path = root / file;
    if (std::filesystem::exists(path)) {
        return path;
    }
    std::cerr << "no real data at " << path << ": set PHYLL_DATA_DIR\n";
    return std::nullopt;
}

} // namespace phyll::test
