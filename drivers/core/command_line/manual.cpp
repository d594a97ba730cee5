#include "drivers/core/command_line/manual.hpp"

#include "drivers/core/command_line/understood.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::command_line {
namespace {

/// A line of text as roff takes it: what it would set as something else is spelt out, a hyphen
/// above all, which must stay one that can be copied.
std::string escaped(std::string_view line) {
    std::string out;
    if (line.starts_with('.')) {
        out = "\\&"; // else it is a request
    }
    for (const char c : line) {
        switch (c) {
        case '\\':
            out += "\\(rs";
            break;
        case '-':
            out += "\\-";
            break;
        case '\'':
            out += "\\(aq";
            break;
        case '"':
            out += "\\(dq";
            break;
        case '`':
            out += "\\(ga";
            break;
        case '~':
            out += "\\(ti";
            break;
        case '^':
            out += "\\(ha";
            break;
        default:
            out += c;
        }
    }
    return out;
}

std::string bold(std::string_view text) {
    return "\\fB" + escaped(text) + "\\fR";
}

std::string italic(std::string_view text) {
    return "\\fI" + escaped(text) + "\\fR";
}

/// Text for people: an empty line ends a paragraph, lines that begin with a space stay as they are.
/// `between`: the request between two paragraphs.
void write_text(const std::string& text, const char* between, std::ostream& out) {
    std::istringstream lines(text);
    bool kept = false;
    for (std::string line; std::getline(lines, line);) {
        const bool keep = line.starts_with(' ');
        if (keep != kept) {
            out << (keep ? ".nf\n" : ".fi\n");
            kept = keep;
        }
        if (line.empty()) {
            out << between;
        } else {
            out << escaped(line) << '\n';
        }
    }
    if (kept) {
        out << ".fi\n";
    }
}

std::string in_capitals(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

std::string with_commas(const std::vector<std::string>& words) {
    return CLI::detail::join(words, ", ");
}

/// "-o, --out FILE", as a title.
std::string title_of(const CLI::Option& option) {
    std::string title;
    const auto add = [&title](const std::string& name) {
        title += (title.empty() ? "" : ", ") + bold(name);
    };
    for (const std::string& name : option.get_snames()) {
        add("-" + name);
    }
    for (const std::string& name : option.get_lnames()) {
        add("--" + name);
    }
    if (title.empty()) {
        return italic(option.get_name(true));
    }
    if (takes_value(option)) {
        title += " " + italic(value_name(option));
    }
    return title;
}

void write_names(const char* before, const std::set<CLI::Option*>& options, std::ostream& out) {
    std::vector<std::string> names;
    for (const CLI::Option* option : options) {
        if (!option->get_group().empty()) {
            names.push_back(option->get_name());
        }
    }
    std::ranges::sort(names); // they come in the order of their addresses
    if (!names.empty()) {
        out << ".br\n" << before << ' ' << escaped(with_commas(names)) << ".\n";
    }
}

void write_option(const CLI::Option& option, std::ostream& out) {
    out << ".TP\n" << title_of(option) << '\n';
    write_text(option.get_description(), ".IP\n", out);
    if (const std::vector<std::string> words = valid_words(option); !words.empty()) {
        out << ".br\nOne of " << escaped(with_commas(words)) << ".\n";
    }
    if (const std::string range = valid_range(option); !range.empty()) {
        out << ".br\nValid: " << escaped(range) << ".\n";
    }
    if (!option.get_default_str().empty()) {
        out << ".br\nDefault: " << escaped(option.get_default_str()) << ".\n";
    }
    if (!option.get_envname().empty()) {
        out << ".br\nAlso by the variable " << bold(option.get_envname()) << ".\n";
    }
    write_names("Only with", option.get_needs(), out);
    write_names("Not with", option.get_excludes(), out);
}

std::string usage_of(const CLI::App& command) {
    std::string usage = " [" + italic("OPTIONS") + "]";
    for (const CLI::Option* option : own_options(command)) {
        if (option->get_positional()) {
            const std::string name =
                italic(option->get_name(true)) + (option->get_expected_max() > 1 ? "..." : "");
            usage += option->get_required() ? " " + name : " [" + name + "]";
        }
    }
    if (!own_commands(command).empty()) {
        usage += command.get_require_subcommand_min() > 0 ? " " + italic("COMMAND")
                                                          : " [" + italic("COMMAND") + "]";
    }
    return usage;
}

void write_options(const CLI::App& command, bool with_help, std::ostream& out) {
    for (const CLI::Option* option : own_options(command)) {
        if (with_help || option != command.get_help_ptr()) {
            write_option(*option, out);
        }
    }
}

void write_commands(const CLI::App& parent, const std::string& path, std::ostream& out) {
    for (const CLI::App* command : own_commands(parent)) {
        const std::string name = path + command->get_name();
        out << ".SS " << bold(name) << usage_of(*command) << '\n';
        write_text(command->get_description(), ".PP\n", out);
        write_options(*command, false, out);
        if (const std::string footer = command->get_footer(); !footer.empty()) {
            out << ".PP\n";
            write_text(footer, ".PP\n", out);
        }
        write_commands(*command, name + " ", out);
    }
}

void write_section(const Section& section, std::ostream& out) {
    out << ".SH \"" << escaped(section.title) << "\"\n";
    write_text(section.text, ".PP\n", out);
    for (const Entry& entry : section.entries) {
        out << ".TP\n" << bold(entry.term) << '\n';
        write_text(entry.text, ".IP\n", out);
    }
}

} // namespace

void write_manual(const CLI::App& app, const Page& page, std::ostream& out) {
    out << ".\\\" Written by " << page.program << " itself, from what it understands.\n"
        << ".TH \"" << in_capitals(page.program) << "\" \"" << page.section << "\" \"\" \""
        << page.program << ' ' << page.version
        << "\" \"phylld\"\n"
        // Options and addresses are longer than a line takes in both margins.
        << ".nh\n.ad l\n"
        << ".SH NAME\n"
        << escaped(page.program) << " \\- " << escaped(page.about) << '\n'
        << ".SH SYNOPSIS\n"
        << bold(page.program) << usage_of(app) << '\n'
        << ".SH DESCRIPTION\n";
    write_text(app.get_description(), ".PP\n", out);
    out << ".SH OPTIONS\n";
    write_options(app, true, out);
    if (!own_commands(app).empty()) {
        out << ".SH COMMANDS\n";
        write_commands(app, "", out);
    }
    for (const Section& section : page.sections) {
        write_section(section, out);
    }
}

} // namespace phyll::command_line
