#pragma once

#include "drivers/core/command_line/page.hpp"

#include <iosfwd>

namespace CLI {
class App;
}

namespace phyll::command_line {

/// Writes a program's manual page in roff, with the macros of man(7): what it understands, then the
/// page's sections. What --help does not show is not there.
void write_manual(const CLI::App& app, const Page& page, std::ostream& out);

} // namespace phyll::command_line
