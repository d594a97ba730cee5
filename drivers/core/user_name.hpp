#pragma once

#include <string>
#include <sys/types.h>

namespace phyll {

/// A user's name; empty where the system knows none. May read files or ask a server.
[[nodiscard]] std::string user_name(uid_t user);

} // namespace phyll
