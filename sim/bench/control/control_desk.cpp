#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "sim/bench/control/control_server.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>

namespace phyll::bench {
namespace {

using nlohmann::json;

json as_json(const InstrumentStatus& instrument) {
    json object{{"name", instrument.name},
                {"identity", instrument.identity},
                {"address", instrument.address},
                {"connections", instrument.connections},
                {"messages", instrument.messages},
                {"errors", instrument.errors},
                {"busy_seconds", instrument.busy.count()}};
    for (const Figure& figure : instrument.figures) {
        object[figure.name] = figure.value;
    }
    for (const Output& output : instrument.outputs) {
        json& described =
            object["outputs"].emplace_back(json{{"name", output.name}, {"on", output.on}});
        if (output.dbm) {
            described["dbm"] = *output.dbm;
        } else {
            described["volts"] = output.volts;
        }
    }
    return object;
}

json as_json(const std::string& name, const BenchStatus& status) {
    json object{{"bench", name},
                {"seconds", status.all.count()},
                {"waiting_seconds", status.waiting.count()},
                {"instruments", json::array()}};
    for (const InstrumentStatus& instrument : status.instruments) {
        object["instruments"].push_back(as_json(instrument));
    }
    return object;
}

template <class Value>
std::optional<Value> optional(const json& request, const char* key) {
    return request.contains(key) ? std::optional(request.at(key).get<Value>()) : std::nullopt;
}

Misbehave order_of(const json& request) {
    return {.fault = fault_of(request.at("kind").get<std::string>()),
            .at = optional<std::uint64_t>(request, "at"),
            .count = optional<std::uint64_t>(request, "count"),
            .seconds = Seconds(optional<double>(request, "seconds").value_or(0.0)),
            .text = request.value("text", ""),
            .value = request.value("value", 0.0)};
}

json act(const std::string& name, Bench& bench, const json& request) {
    const auto what = request.at("do").get<std::string>();
    if (what == "status") {
        return {{"ok", true}, {"status", as_json(name, bench.status())}};
    }
    if (what == "reset-statistics") {
        bench.reset_statistics();
    } else if (what == "misbehave") {
        bench.misbehave(request.at("instrument").get<std::string>(), order_of(request));
    } else if (what == "release") {
        bench.release(request.at("instrument").get<std::string>());
    } else {
        throw invalid_field("do", fmt::format("{}; valid is status, reset-statistics, misbehave, "
                                              "release",
                                              in_quotes(what)));
    }
    return {{"ok", true}};
}

json refused(const std::string& why) {
    return {{"ok", false}, {"error", why}};
}

} // namespace

std::string ControlDesk::answer(std::string_view request) {
    json answer;
    try {
        answer = act(bench_name_, bench_, json::parse(request));
    } catch (const Error& error) {
        answer = refused(error.what());
    } catch (const json::exception& error) {
        answer = refused(utf8(fmt::format("the request is not as expected: {}", error.what())));
    }
    return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace phyll::bench
