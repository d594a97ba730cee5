#pragma once

#include "clients/cli/report/facts.hpp"

#include <string>

namespace phyll::cli {

/// A run as one page for a browser and for paper: HTML that is XML as well, with its style and its
/// pictures inside, which fetches nothing and runs nothing. What was not measured or not recorded
/// is said to be so.
[[nodiscard]] std::string report_page(const RunFacts& facts);

} // namespace phyll::cli
