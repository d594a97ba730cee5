#pragma once

#include <cstdlib>
#include <string>

namespace phyll {

/// What the environment variable says; empty: nothing, or it is not set.
[[nodiscard]] inline std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

} // namespace phyll
