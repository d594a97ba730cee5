#pragma once

#include <span>
#include <string>
#include <string_view>

namespace phyll::config {

/// The choice that `given` was probably meant to be: within one edit (insert, delete, replace, swap
/// of neighbours) for every three characters, and at least one. Null when none is that close.
[[nodiscard]] const std::string* nearest(std::string_view given,
                                         std::span<const std::string> choices);

/// "'a', 'b', 'c'".
[[nodiscard]] std::string listed(std::span<const std::string> choices);

/// "'gredy'; valid is 'greedy', 'simultaneous'; did you mean 'greedy'?"
[[nodiscard]] std::string no_such_choice(std::string_view given,
                                         std::span<const std::string> choices);

} // namespace phyll::config
