#include "sim/bench/scpi/command_table.hpp"

#include "sim/bench/scpi/scpi_error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace phyll::bench {

void CommandTable::command(std::string_view pattern, Parameters parameters, Act act) {
    entries_.push_back({HeaderPattern(pattern), false, parameters, std::move(act)});
}

void CommandTable::query(std::string_view pattern, Act act, Parameters parameters) {
    entries_.push_back({HeaderPattern(pattern), true, parameters, std::move(act)});
}

std::string CommandTable::run(const Command& command) const {
    for (const Entry& entry : entries_) {
        if (entry.query != command.query) {
            continue;
        }
        auto match = entry.pattern.match(command.header);
        if (!match) {
            continue;
        }
        if (!match->in_range) {
            throw ScpiError(scpi_number::suffix_out_of_range);
        }
        if (command.parameters.size() < entry.parameters.least) {
            throw ScpiError(scpi_number::missing_parameter);
        }
        if (command.parameters.size() > entry.parameters.most) {
            throw ScpiError(scpi_number::parameter_not_allowed);
        }
        Call call(command, std::move(match->suffixes));
        entry.act(call);
        return call.take_reply();
    }
    throw ScpiError(scpi_number::undefined_header,
                    fmt::format("{}{}", fmt::join(command.header, ":"), command.query ? "?" : ""));
}

} // namespace phyll::bench
