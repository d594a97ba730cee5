#include "sim/bench/scpi/settings.hpp"

#include "sim/bench/scpi/header_pattern.hpp"

#include <utility>

namespace phyll::bench {

void add_switch(CommandTable& table, std::string_view pattern, bool& value, ReplyStyle style) {
    table.command(pattern, {1, 1}, [&value](Call& call) { value = call.boolean(0); });
    table.query(pattern, [&value, style](Call& call) { call.reply(style.of(value)); });
}

void add_number(CommandTable& table, std::string_view pattern, double& value, NumberRange range,
                ReplyStyle style) {
    table.command(pattern, {1, 1}, [&value, range](Call& call) { value = call.number(0, range); });
    table.query(pattern,
                [&value, range, style](Call& call) {
                    call.reply(style.number(call.count() > 0 ? call.number(0, range) : value));
                },
                {0, 1});
}

void add_choice(CommandTable& table, std::string_view pattern, std::size_t& value,
                std::vector<std::string> keywords) {
    table.command(pattern, {1, 1},
                  [&value, keywords](Call& call) { value = call.choice(0, keywords); });
    table.query(pattern, [&value, keywords = std::move(keywords)](Call& call) {
        call.reply(short_form_of(keywords[value]));
    });
}

} // namespace phyll::bench
