#pragma once

#include "sim/bench/scpi/command_table.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace phyll::bench {

/// How a maker's instruments write numbers and switches.
struct ReplyStyle {
    std::string (*number)(double);
    bool switches_in_words = false; ///< ON and OFF instead of 1 and 0

    [[nodiscard]] std::string of(bool on) const {
        return switches_in_words ? (on ? "ON" : "OFF") : (on ? "1" : "0");
    }
};

/// Adds a command that sets `value` and a query that tells it, of which nothing else depends.
/// `value` must outlive the table.
void add_switch(CommandTable& table, std::string_view pattern, bool& value, ReplyStyle style);
void add_number(CommandTable& table, std::string_view pattern, double& value, NumberRange range,
                ReplyStyle style);
/// `value` is the place of the keyword; the query tells its short form.
void add_choice(CommandTable& table, std::string_view pattern, std::size_t& value,
                std::vector<std::string> keywords);

} // namespace phyll::bench
