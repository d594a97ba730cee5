#include "sim/bench/server/misbehaviour.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace phyll::bench {
namespace {

constexpr auto names = std::to_array<std::pair<Fault, std::string_view>>({
    {Fault::delay, "delay"},
    {Fault::drop, "drop"},
    {Fault::corrupt, "corrupt"},
    {Fault::stick, "stick"},
    {Fault::disconnect, "disconnect"},
    {Fault::power_cycle, "power-cycle"},
    {Fault::identity, "identity"},
    {Fault::error, "error"},
    {Fault::stale, "stale"},
    {Fault::missed_trigger, "missed-trigger"},
});

constexpr double longest = 86400;

bool counts_triggers(Fault fault) {
    return fault == Fault::stale || fault == Fault::missed_trigger;
}

std::uint64_t count_of(const Misbehave& order) {
    const bool lasts = order.fault == Fault::stick || order.fault == Fault::identity;
    return order.count.value_or(lasts ? std::numeric_limits<std::uint64_t>::max() : 1);
}

} // namespace

std::string_view name_of(Fault fault) {
    return std::ranges::find(names, fault, &std::pair<Fault, std::string_view>::first)->second;
}

Fault fault_of(std::string_view name) {
    const auto* const found =
        std::ranges::find(names, name, &std::pair<Fault, std::string_view>::second);
    if (found == names.end()) {
        std::vector<std::string_view> known;
        for (const auto& [fault, known_name] : names) {
            known.push_back(known_name);
        }
        throw invalid_field(
            "kind", fmt::format("{}; valid is {}", in_quotes(name), fmt::join(known, ", ")));
    }
    return found->first;
}

void Misbehaviour::check(const Misbehave& order) {
    if (!(order.seconds.count() >= 0 && order.seconds.count() <= longest)) {
        throw invalid_field("seconds",
                            fmt::format("{}; valid is 0 to {}", order.seconds.count(), longest));
    }
    if (order.fault == Fault::identity && order.text.empty()) {
        throw invalid_field("text", "missing; what *IDN? is to be answered with");
    }
    if (order.count == std::uint64_t{0}) {
        throw invalid_field("count", "0; valid is 1 or more");
    }
}

void Misbehaviour::add(const Misbehave& order) {
    check(order);
    orders_.push_back({order, order.at.value_or(0), count_of(order)});
}

std::vector<Misbehave> Misbehaviour::next(bool trigger) {
    std::vector<Misbehave> now;
    for (Order& order : orders_) {
        if (counts_triggers(order.what.fault) != trigger) {
            continue;
        }
        if (order.before > 0) {
            --order.before;
            continue;
        }
        --order.left;
        now.push_back(order.what);
    }
    std::erase_if(orders_, [](const Order& order) { return order.left == 0; });
    return now;
}

} // namespace phyll::bench
