#include "instrument_commands.hpp"

#include "output.hpp"
#include "signals.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace phyll::cli {
namespace {

/// How often a trace asks for what came.
constexpr Seconds trace_interval{0.2};

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

std::string state_of(const v1::InstrumentInfo& instrument) {
    const std::string state = name_of(instrument.state());
    return instrument.reason().empty() ? state : fmt::format("{}: {}", state, instrument.reason());
}

nlohmann::json to_json(const v1::InstrumentInfo& instrument, const std::string& holder) {
    return {{"instrument", instrument.name()},
            {"kind", instrument.kind()},
            {"address", instrument.address()},
            {"rig", instrument.rig()},
            {"held_by", holder},
            {"state", name_of(instrument.state())},
            {"reason", instrument.reason()},
            {"maker", instrument.maker()},
            {"model", instrument.model()},
            {"serial", instrument.serial()},
            {"firmware", instrument.firmware()},
            {"dialect", instrument.dialect()},
            {"virtual", instrument.virtual_()},
            {"output", instrument.output()},
            {"traced", instrument.traced()},
            {"reconnects", instrument.reconnects()}};
}

void instruments(App& app) {
    std::map<std::string, std::string> holders;
    const auto rigs = app.client().call<v1::RigsReply>("phyll.v1.Lab/Rigs", v1::RigsRequest());
    for (const v1::RigInfo& rig : rigs.rigs()) {
        holders[rig.name()] = rig.holder();
    }
    const v1::InstrumentsReply all = list_instruments(app);
    Table table({"NAME", "KIND", "ADDRESS", "IDENTITY", "DIALECT", "RIG", "OUTPUT", "STATE"});
    for (const v1::InstrumentInfo& instrument : all.instruments()) {
        const std::string& holder = holders[instrument.rig()];
        if (app.json()) {
            std::cout << to_json(instrument, holder).dump() << '\n';
        }
        table.add({instrument.name(), instrument.kind(), instrument.address(),
                   or_dash(identity_of(instrument)), or_dash(instrument.dialect()),
                   or_dash(instrument.rig()) +
                       (holder.empty() ? "" : fmt::format(" (held by {})", holder)),
                   or_dash(instrument.output()), state_of(instrument)});
    }
    if (!app.json()) {
        table.print(std::cout);
    }
}

struct TraceArguments {
    std::string instrument;
    bool on = false;
    bool off = false;
    double seconds = std::numeric_limits<double>::infinity();
};

v1::TraceReply ask(App& app, const std::string& instrument, std::optional<bool> on,
                   std::uint64_t after) {
    v1::TraceRequest request;
    request.set_instrument(instrument);
    if (on) {
        request.set_on(*on);
    }
    request.set_after(after);
    return app.client().call<v1::TraceReply>("phyll.v1.Lab/Trace", request);
}

void show(const App& app, const v1::TracedMessage& message) {
    const char* const direction = message.remark() ? "remark"
                                  : message.sent() ? "sent"
                                                   : "received";
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "message"},
                                    {"number", message.number()},
                                    {"time", message.time()},
                                    {"direction", direction},
                                    {"text", message.text()}}
                         .dump()
                  << std::endl;
        return;
    }
    const auto time = static_cast<std::time_t>(message.time());
    const int millis = static_cast<int>((message.time() - std::floor(message.time())) * 1e3);
    std::cout << fmt::format("{:%H:%M:%S}.{:03} {} {}", fmt::localtime(time), millis,
                             message.remark() ? "·"
                             : message.sent() ? "→"
                                              : "←",
                             message.text())
              << std::endl;
}

/// Shows what comes until it is told to end or the time is over.
void follow(App& app, const TraceArguments& arguments, std::uint64_t last) {
    const SystemClock clock;
    const Clock::Monotonic start = clock.now();
    for (bool ending = false; !ending;) {
        const double left = arguments.seconds - Seconds(clock.now() - start).count();
        ending = left <= 0 || ending_signal_within(std::min(trace_interval, Seconds(left)));
        const v1::TraceReply reply = ask(app, arguments.instrument, std::nullopt, last);
        for (const v1::TracedMessage& message : reply.messages()) {
            if (message.number() > last + 1 && !app.json()) {
                std::cout << fmt::format("... {} messages were not kept\n",
                                         count(message.number() - last - 1));
            }
            show(app, message);
            last = message.number();
        }
    }
}

void trace(App& app, const TraceArguments& arguments) {
    if (arguments.on || arguments.off) {
        const bool on = ask(app, arguments.instrument, arguments.on, UINT64_MAX).on();
        if (app.json()) {
            std::cout << nlohmann::json{{"event", "trace"},
                                        {"instrument", arguments.instrument},
                                        {"on", on}}
                             .dump()
                      << '\n';
        } else {
            std::cout << fmt::format("the trace of {} is {}\n", arguments.instrument,
                                     on ? "on" : "off");
        }
        return;
    }
    const v1::TraceReply before = ask(app, arguments.instrument, std::nullopt, 0);
    const std::uint64_t last =
        before.messages().empty() ? 0 : before.messages(before.messages_size() - 1).number();
    block_ending_signals(); // so that it is switched off again, whatever ends it
    static_cast<void>(ask(app, arguments.instrument, true, UINT64_MAX));
    follow(app, arguments, last);
    static_cast<void>(ask(app, arguments.instrument, before.on(), UINT64_MAX));
}

} // namespace

v1::InstrumentsReply list_instruments(App& app) {
    return app.client().call<v1::InstrumentsReply>("phyll.v1.Lab/Instruments",
                                                   v1::InstrumentsRequest());
}

void print_instruments(const v1::InstrumentsReply& instruments, const std::string& rig,
                       std::ostream& out) {
    Table table({"INSTRUMENT", "KIND", "ADDRESS", "IDENTITY", "OUTPUT", "STATE"});
    for (const v1::InstrumentInfo& instrument : instruments.instruments()) {
        if (instrument.rig() == rig) {
            table.add({instrument.name(), instrument.kind(), instrument.address(),
                       or_dash(identity_of(instrument)), or_dash(instrument.output()),
                       state_of(instrument)});
        }
    }
    table.print(out);
}

void add_instrument_commands(App& app) {
    app.commands()
        .add_subcommand("instruments", "The instruments that are configured, and how they are")
        ->callback([&app] { instruments(app); });

    CLI::App* instrument = app.commands().add_subcommand("instrument", "One instrument");
    instrument->require_subcommand(1);
    CLI::App* tracing = instrument->add_subcommand(
        "trace", "Show what goes over its wire, until Ctrl-C; the trace is switched off again");
    const auto arguments = std::make_shared<TraceArguments>();
    tracing->add_option("instrument", arguments->instrument, "Name of the instrument")->required();
    CLI::Option* on = tracing->add_flag("--on", arguments->on, "Only switch the trace on");
    CLI::Option* off = tracing->add_flag("--off", arguments->off, "Only switch it off");
    on->excludes(off);
    tracing->add_option("--for", arguments->seconds, "End after this time: 10s, 2min")
        ->transform(CLI::AsNumberWithUnit(
            std::map<std::string, double>{{"ms", 1e-3}, {"s", 1.0}, {"min", 60.0}, {"h", 3600.0}}))
        ->excludes(on)
        ->excludes(off);
    tracing->callback([&app, arguments] { trace(app, *arguments); });
}

} // namespace phyll::cli
