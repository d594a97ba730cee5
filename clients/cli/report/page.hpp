#pragma once

#include "clients/cli/report/facts.hpp"

#include <string>

namespace phyll::cli {

/// A run as one page for a browser and for paper: HTML that is XML as well, with its style and its
/// pictures inside, which fetches nothing and runs nothing. What was not measured or not recorded
/// is said to be so.
[[nodiscard]] std::string report_page(const RunFacts& facts);
/// The same of a group of runs: what they came to together, each of them in a row, and the settings
/// of `example`, one of them.
[[nodiscard]] std::string group_page(const v1::GroupReply& group, const RunFacts& example);

/// Content under a title, as a page of its own. `of`: whose record it is made from; `time`: when,
/// in seconds since 1970.
[[nodiscard]] std::string page_of(const std::string& title, const std::string& content,
                                  const std::string& of, double time);

} // namespace phyll::cli
