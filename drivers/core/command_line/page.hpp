#pragma once

#include <string>
#include <vector>

namespace phyll::command_line {

/// What is said of one thing: an exit status, a file, a variable.
struct Entry {
    std::string term;
    std::string text;
};

/// A section that follows the options: "EXIT STATUS", "FILES". What it says first, then its
/// entries.
struct Section {
    std::string title;
    std::string text = {};
    std::vector<Entry> entries = {};
};

/// What a program's manual page says beside what its options say.
struct Page {
    std::string program; ///< "phylld"
    int section = 1;     ///< 1: for everybody; 8: for administrators
    std::string version; ///< "0.1.0"
    std::string about;   ///< behind the program's name, in one line without a full stop
    std::vector<Section> sections = {}; ///< in the order in which they are shown
};

} // namespace phyll::command_line
