#pragma once

#include "drivers/instruments/shelf.hpp"

namespace phyll::test {

/// Reads TOML as phylld does.
[[nodiscard]] instruments::ReadToml read_toml();

} // namespace phyll::test
