#pragma once

#include "drivers/core/keys/key.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace phyll::cli {

// The labs that a user has keys for, in a file of the user's own:
//
//     [labs.bench]
//     endpoint = "tcp://10.0.0.7:5570"
//     server_key = "64 hexadecimal digits"
//     key = "client.key"   # path, from the file's folder on; this one unless it is given

struct Lab {
    std::string name;
    std::string endpoint;
    PublicKey server_key;
    std::filesystem::path key; ///< file of the user's key, as the profiles' folder has it
};

/// Where phyllctl keeps what is its user's: $XDG_CONFIG_HOME/phyll, else ~/.config/phyll.
[[nodiscard]] std::filesystem::path config_folder();
/// The file of labs in it.
[[nodiscard]] std::filesystem::path profiles_file();
/// The file of the user's key in it, unless another is named.
[[nodiscard]] std::filesystem::path default_key_file();

/// The labs in a file, by their names; none where there is no file. Throws INVALID_ARGUMENT, which
/// names every problem by its file and line.
[[nodiscard]] std::vector<Lab> read_labs(const std::filesystem::path& profiles);

/// The lab of that name; throws NOT_FOUND, which names those that there are, and what `read_labs`
/// does.
[[nodiscard]] Lab find_lab(const std::filesystem::path& profiles, const std::string& name);

/// Writes a lab behind whatever the file says already; makes the file and its folder where they are
/// missing. `key` is a path from the current folder on; empty: the default. Whatever ends this,
/// there is the old file or the new one. Throws ALREADY_EXISTS where there is a lab of that name,
/// INVALID_ARGUMENT where the lab or the file cannot be right.
void add_lab(const std::filesystem::path& profiles, const Lab& lab);

} // namespace phyll::cli
