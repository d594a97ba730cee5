#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace phyll::command_line {

/// What a command's own options are, in the order in which they were made, those of its groups
/// among them; what --help does not show is not there.
[[nodiscard]] std::vector<const CLI::Option*> own_options(const CLI::App& command);

/// The commands of a command, in the order in which they were made.
[[nodiscard]] std::vector<const CLI::App*> own_commands(const CLI::App& command);

/// Whether words must or may follow an option that are its value.
[[nodiscard]] bool takes_value(const CLI::Option& option);

/// What the value of an option is called: "TEXT", "FILE".
[[nodiscard]] std::string value_name(const CLI::Option& option);

/// The words of which its value is one; empty: of any others.
[[nodiscard]] std::vector<std::string> valid_words(const CLI::Option& option);

/// What else its value must be, "1 to 64", or in the words of what checks it; empty: nothing.
[[nodiscard]] std::string valid_range(const CLI::Option& option);

} // namespace phyll::command_line
