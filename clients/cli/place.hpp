#pragma once

#include "clients/cpp/address.hpp"
#include "drivers/core/keys/key.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace phyll::cli {

/// What was said of where phylld is; what is empty was not.
struct Said {
    std::string endpoint = {};   ///< --endpoint, $PHYLL_ENDPOINT
    std::string lab = {};        ///< --lab, $PHYLL_LAB
    std::string server_key = {}; ///< --server-key, $PHYLL_SERVER_KEY
    std::string key = {};        ///< --key, $PHYLL_KEY
};

/// The variables.
[[nodiscard]] Said said_by_environment();

/// Where phylld is, before anybody's key was read.
struct Place {
    std::string endpoint;
    std::optional<PublicKey> server_key; ///< nothing: it is talked to without keys
    std::filesystem::path key;           ///< absolute; the file need not be there
};

/// What both together mean. Where an option names the place, variables say nothing of it; else
/// they do, --server-key and --key before them. A lab is looked up in the file of `profiles`.
/// Throws INVALID_ARGUMENT where what was said makes no sense, NOT_FOUND where there is no such
/// lab.
[[nodiscard]] Place place_of(const Said& options, const Said& variables,
                             const std::filesystem::path& profiles);

/// With the user's key, if one is needed. Throws NOT_FOUND where there is none, and what
/// `read_key_file` does.
[[nodiscard]] Address address_of(const Place& place);

/// Sets the variables so that this process's children find the same place.
void tell_children(const Place& place);

} // namespace phyll::cli
