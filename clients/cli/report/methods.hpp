#pragma once

#include "clients/cli/report/facts.hpp"

#include <string>

namespace phyll::cli {

/// How a run was made and what came out, as a paragraph in plain English. It says what is recorded,
/// and of what it does not know that it is not recorded.
[[nodiscard]] std::string methods_paragraph(const RunFacts& facts);

/// The same as a table for LaTeX with the package booktabs.
[[nodiscard]] std::string methods_table(const RunFacts& facts);

} // namespace phyll::cli
