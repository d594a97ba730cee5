#pragma once

#include "drivers/core/temporary_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace phyll::test {

/// How a command ended.
struct Ended {
    int status = 0;
    std::string out;
    std::string err;
};

/// A user without keys and labs, at a machine without a phylld, as long as this is there.
class User {
  public:
    User();
    User(const User&) = delete;
    User& operator=(const User&) = delete;
    ~User();

    /// One of the user's own files.
    [[nodiscard]] std::filesystem::path file(const char* name) const;
    /// Runs phyllctl in this process, with these arguments: its commands about keys and labs.
    static Ended run(std::vector<std::string> arguments);

  private:
    TemporaryFolder folder_{"phyll-keys"};
};

} // namespace phyll::test
