#pragma once

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace phyll::command_line {

/// Writes what bash completes a program's command lines by: commands, options, and values that are
/// words of a list; where none of them can stand, names of files.
void write_completion(const CLI::App& app, const std::string& program, std::ostream& out);

} // namespace phyll::command_line
