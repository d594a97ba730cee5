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
    {Fault::finished, "finished"},
    {Fault::overload, "overload"},
    {Fault::power_high, "power-high"},
    {Fault::panel, "panel"},
    {Fault::lose, "lose"},
    {Fault::garble, "garble"},
    {Fault::unplug, "unplug"},
    {Fault::stall, "stall"},
    {Fault::short_read, "short-read"},
    {Fault::late, "late"},
    {Fault::cut, "cut"},
});

constexpr double longest = 86400;

constexpr double most_decibels = 100;

Occasion occasion_of(const Misbehave& order) {
    switch (order.fault) {
    case Fault::stale:
    case Fault::missed_trigger:
    case Fault::finished:
    case Fault::overload:
        return Occasion::trigger;
    case Fault::power_high:
        return Occasion::setting;
    case Fault::late:
    case Fault::cut:
        return Occasion::picture;
    case Fault::lose:
    case Fault::garble:
        return order.text == "reply" ? Occasion::departure : Occasion::arrival;
    default:
        return Occasion::message;
    }
}

std::uint64_t count_of(const Misbehave& order) {
    const bool lasts = order.fault == Fault::stick || order.fault == Fault::identity ||
                       order.fault == Fault::power_high || order.fault == Fault::late;
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
        known.reserve(names.size());
        for (const auto& [fault, known_name] : names) {
            known.push_back(known_name);
        }
        throw invalid_field(
            "kind", fmt::format("{}; valid is {}", in_quotes(name), fmt::join(known, ", ")));
    }
    return found->first;
}

void require_possible(Fault fault, Way way) {
    const bool of_usb = fault == Fault::stall || fault == Fault::short_read;
    const bool of_line = fault == Fault::lose || fault == Fault::garble;
    if (way != Way::usbtmc && way != Way::gige &&
        (of_usb || (fault == Fault::unplug && way == Way::socket))) {
        throw invalid_field("kind",
                            fmt::format("{}; this instrument is no USB device: phyllsim makes it "
                                        "one with --usb",
                                        in_quotes(name_of(fault))));
    }
    // Nobody but Aravis sees the messages that a camera gets.
    constexpr std::array of_cameras{Fault::power_cycle, Fault::panel, Fault::stale,
                                    Fault::missed_trigger};
    if (way == Way::gige && std::ranges::find(of_cameras, fault) == of_cameras.end()) {
        throw invalid_field("kind",
                            fmt::format("{}; valid for a camera is power-cycle, panel, stale, "
                                        "missed-trigger",
                                        in_quotes(name_of(fault))));
    }
    if (way != Way::serial && of_line) {
        throw invalid_field("kind", fmt::format("{}; this instrument is on no serial line",
                                                in_quotes(name_of(fault))));
    }
}

void Misbehaviour::check(const Misbehave& order) {
    if (!(order.seconds.count() >= 0 && order.seconds.count() <= longest)) {
        throw invalid_field("seconds",
                            fmt::format("{}; valid is 0 to {}", order.seconds.count(), longest));
    }
    if (order.fault == Fault::identity && order.text.empty()) {
        throw invalid_field("text", "missing; what *IDN? is to be answered with");
    }
    if (order.fault == Fault::panel && order.text.empty()) {
        throw invalid_field("text", "missing; the command that somebody gives at the front panel");
    }
    const bool on_a_line = order.fault == Fault::lose || order.fault == Fault::garble;
    if (on_a_line && !order.text.empty() && order.text != "request" && order.text != "reply") {
        throw invalid_field("text",
                            fmt::format("{}; valid is request, reply", in_quotes(order.text)));
    }
    if (!(std::abs(order.value) <= most_decibels)) {
        throw invalid_field("value", fmt::format("{}; valid is {} to {} dB", order.value,
                                                 -most_decibels, most_decibels));
    }
    if (order.count == std::uint64_t{0}) {
        throw invalid_field("count", "0; valid is 1 or more");
    }
}

void Misbehaviour::add(const Misbehave& order) {
    check(order);
    const std::scoped_lock lock(mutex_);
    orders_.push_back({order, order.at.value_or(0), count_of(order)});
}

void Misbehaviour::release() {
    const std::scoped_lock lock(mutex_);
    orders_.clear();
}

bool contains(const std::vector<Misbehave>& faults, Fault fault) {
    return std::ranges::find(faults, fault, &Misbehave::fault) != faults.end();
}

std::vector<Misbehave> Misbehaviour::next(Occasion occasion) {
    const std::scoped_lock lock(mutex_);
    std::vector<Misbehave> now;
    for (Order& order : orders_) {
        if (occasion_of(order.what) != occasion) {
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
