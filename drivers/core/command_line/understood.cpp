#include "drivers/core/command_line/understood.hpp"

#include <CLI/CLI.hpp>

#include <string_view>

namespace phyll::command_line {
namespace {

/// CLI11 says both in one: "TEXT:{stop,mark}", "INT:INT in [1 - 64]".
std::string checks_of(const CLI::Option& option) {
    const std::string both = option.get_type_name();
    const std::size_t colon = both.find(':');
    return colon == std::string::npos ? "" : both.substr(colon + 1);
}

bool is_list_of_words(std::string_view checks) {
    return checks.starts_with('{') && checks.ends_with('}') &&
           checks.find("->") == std::string_view::npos;
}

} // namespace

std::vector<const CLI::Option*> own_options(const CLI::App& command) {
    std::vector<const CLI::Option*> options =
        command.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
    // A group of options is a command without a name.
    for (const CLI::App* group :
         command.get_subcommands([](const CLI::App* sub) { return sub->get_name().empty(); })) {
        for (const CLI::Option* option : own_options(*group)) {
            if (option != group->get_help_ptr()) { // it has one of its own
                options.push_back(option);
            }
        }
    }
    return options;
}

std::vector<const CLI::App*> own_commands(const CLI::App& command) {
    return command.get_subcommands(
        [](const CLI::App* sub) { return !sub->get_name().empty() && !sub->get_group().empty(); });
}

bool takes_value(const CLI::Option& option) {
    return option.get_items_expected_max() > 0;
}

std::string value_name(const CLI::Option& option) {
    const std::string both = option.get_type_name();
    return both.substr(0, both.find(':'));
}

std::vector<std::string> valid_words(const CLI::Option& option) {
    const std::string checks = checks_of(option);
    return is_list_of_words(checks) ? CLI::detail::split(checks.substr(1, checks.size() - 2), ',')
                                    : std::vector<std::string>{};
}

std::string valid_range(const CLI::Option& option) {
    const std::string checks = checks_of(option);
    if (is_list_of_words(checks)) {
        return "";
    }
    // "INT in [1 - 64]"
    const std::size_t from = checks.find(" in [");
    const std::size_t to = checks.find(" - ");
    if (from == std::string::npos || to == std::string::npos || to < from ||
        !checks.ends_with(']')) {
        return checks;
    }
    return checks.substr(from + 5, to - from - 5) + " to " +
           checks.substr(to + 3, checks.size() - to - 4);
}

} // namespace phyll::command_line
