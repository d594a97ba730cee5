#pragma once

#include <string>

namespace phyll::cli {

/// Names a lease for the commands of a shell: its token, in hexadecimal.
inline constexpr const char* lease_variable = "PHYLL_LEASE";

[[nodiscard]] std::string token_in_hex(const std::string& token);
/// Throws INVALID_ARGUMENT.
[[nodiscard]] std::string token_from_hex(const std::string& text);

} // namespace phyll::cli
