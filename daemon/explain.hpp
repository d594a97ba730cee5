#pragma once

#include <ostream>
#include <string>

namespace phyll {

/// Writes down what can be set in configuration and run files, as a text for a terminal or as
/// Markdown. `what` is a topic, a key, "all", or empty: the list of topics, as Markdown the same as
/// "all". Throws NOT_FOUND with the nearest name when there is nothing of that name.
void explain(const std::string& what, bool markdown, std::ostream& out);

} // namespace phyll
