#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace phyll::test {

/// Everything below a folder: when it was changed last, and of files what is in them.
inline std::map<std::string, std::string> contents_of(const std::filesystem::path& folder) {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        std::string what = std::to_string(entry.last_write_time().time_since_epoch().count());
        if (entry.is_regular_file()) {
            std::ifstream file(entry.path(), std::ios::binary);
            what += std::string(std::istreambuf_iterator<char>(file), {});
        }
        found[entry.path().string()] = what;
    }
    return found;
}

} // namespace phyll::test
