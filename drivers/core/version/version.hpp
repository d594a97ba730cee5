#pragma once

#include <string>

namespace phyll {

/// The version that this was built as: "0.1.0".
[[nodiscard]] std::string version();

/// The commit that it was built from, "f3a1c09b5d2e", with "-dirty" where sources differed from it;
/// empty where that was not known.
[[nodiscard]] std::string commit();

/// "phylld 0.1.0 (f3a1c09b5d2e)"
[[nodiscard]] std::string version_of(const std::string& program);

} // namespace phyll
