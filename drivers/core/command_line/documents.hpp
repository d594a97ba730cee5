#pragma once

#include "drivers/core/command_line/page.hpp"

namespace CLI {
class App;
}

namespace phyll::command_line {

/// Gives a program two options that its --help does not show, by which its package is made:
/// --manual prints its manual page, --completion what bash completes its command lines by. Either
/// ends the parsing with CLI::Success. Both are made of the options and commands that the program
/// has when they are asked for, so they say what it understands. The program's options must outlive
/// the parsing.
void add_documents(CLI::App& app, Page page);

} // namespace phyll::command_line
