#include "drivers/core/command_line/completion.hpp"

#include "drivers/core/command_line/understood.hpp"

#include <CLI/CLI.hpp>

#include <ostream>
#include <string_view>
#include <vector>

namespace phyll::command_line {
namespace {

/// A command, and what may stand behind it.
struct Place {
    std::string path; ///< with a space before each word: " run start"; empty: the program itself
    const CLI::App* command = nullptr;
    std::vector<const CLI::Option*> options; ///< those of the commands above among them
};

void find_places(const CLI::App& command, const std::string& path,
                 const std::vector<const CLI::Option*>& above, std::vector<Place>& places) {
    Place place{path, &command, own_options(command)};
    if (command.get_fallthrough()) {
        for (const CLI::Option* option : above) {
            if (option->nonpositional()) {
                place.options.push_back(option);
            }
        }
    }
    const std::vector<const CLI::Option*> options = place.options;
    places.push_back(std::move(place));
    for (const CLI::App* sub : own_commands(command)) {
        find_places(*sub, path + " " + sub->get_name(), options, places);
    }
}

std::vector<std::string> names_of(const CLI::Option& option) {
    std::vector<std::string> names;
    for (const std::string& name : option.get_lnames()) {
        names.push_back("--" + name);
    }
    for (const std::string& name : option.get_snames()) {
        names.push_back("-" + name);
    }
    return names;
}

std::string joined(const std::vector<std::string>& words) {
    return CLI::detail::join(words, " ");
}

/// What may follow a word: "<path>:<option>" of options with values, as patterns of bash's case.
void write_values(const std::vector<Place>& places, std::ostream& out) {
    for (const Place& place : places) {
        for (const CLI::Option* option : place.options) {
            if (!takes_value(*option)) {
                continue;
            }
            for (const std::string& name : names_of(*option)) {
                out << "    '" << place.path << ':' << name << "') values='"
                    << joined(valid_words(*option)) << "' ;;\n";
            }
        }
    }
}

void write_words(const std::vector<Place>& places, std::ostream& out) {
    for (const Place& place : places) {
        std::vector<std::string> options;
        std::vector<std::string> words;
        for (const CLI::Option* option : place.options) {
            for (std::string& name : names_of(*option)) {
                options.push_back(std::move(name));
            }
            if (option->get_positional()) {
                for (std::string& word : valid_words(*option)) {
                    words.push_back(std::move(word));
                }
            }
        }
        for (const CLI::App* sub : own_commands(*place.command)) {
            words.push_back(sub->get_name());
        }
        out << "    '" << place.path << "')\n        options='" << joined(options)
            << "'\n        words='" << joined(words) << "'\n        ;;\n";
    }
}

constexpr std::string_view before_values = R"bash(
# Sets `values` to the words that the value of an option ($2) of a command ($1) is one of, which may be
# none; fails where no value follows it.
_PROGRAM_values() {
    case "$1:$2" in
)bash";

constexpr std::string_view before_words = R"bash(    *) return 1 ;;
    esac
}

# Sets `options` and `words` to what may follow a command; fails where it is none.
_PROGRAM_words() {
    case "$1" in
)bash";

constexpr std::string_view after_words = R"bash(    *) return 1 ;;
    esac
}

_PROGRAM() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local place='' values='' options='' words='' i
    COMPREPLY=()
    # bash takes --option=value apart into three words.
    if [[ $word == '=' ]]; then
        word=''
    elif [[ $before == '=' ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == '--' ]] && return # another command's words follow
        if _PROGRAM_values "$place" "${COMP_WORDS[i]}"; then
            [[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i++))
            ((i++))
        elif _PROGRAM_words "$place ${COMP_WORDS[i]}"; then
            place+=" ${COMP_WORDS[i]}"
        fi
    done
    if _PROGRAM_values "$place" "$before"; then
        words=$values
    else
        _PROGRAM_words "$place"
        [[ $word == -* ]] && words=$options
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o default -F _PROGRAM PROGRAM
)bash";

std::string with_name(std::string_view script, const std::string& program) {
    constexpr std::string_view place = "PROGRAM";
    std::string out(script);
    for (std::size_t at = out.find(place); at != std::string::npos;
         at = out.find(place, at + program.size())) {
        out.replace(at, place.size(), program);
    }
    return out;
}

} // namespace

void write_completion(const CLI::App& app, const std::string& program, std::ostream& out) {
    std::vector<Place> places;
    find_places(app, "", {}, places);
    out << "# Completion for " << program << ", written by itself from what it understands.\n"
        << with_name(before_values, program);
    write_values(places, out);
    out << with_name(before_words, program);
    write_words(places, out);
    out << with_name(after_words, program);
}

} // namespace phyll::command_line
