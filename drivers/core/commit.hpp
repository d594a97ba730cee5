#pragma once

#include <string_view>

namespace phyll {

/// The commit of the source that this program was built from, "302bef69ab85", and whether there
/// were changes to it, "302bef69ab85 with changes"; empty: not known.
[[nodiscard]] std::string_view commit() noexcept;

} // namespace phyll
