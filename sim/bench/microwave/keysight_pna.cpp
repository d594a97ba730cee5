#include "sim/bench/microwave/keysight_pna.hpp"

#include "sim/bench/scpi/block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::bench {
namespace {

constexpr VnaLimits n5222b{.frequency = {10e6, 26.5e9},
                           .power = {-95, 20},
                           .leveled = 13,
                           .bandwidth = {1, 15e6},
                           .points = 100003};
constexpr VnaSettings after_preset{
    .power = 0.0, .band = {.start = 10e6, .stop = 26.5e9, .points = 201}, .bandwidth = 100e3};
constexpr NumberRange power_limits{-100, 100};
constexpr std::size_t largest_group = 2'000'000;
constexpr int device_error = -300;

const std::vector<std::string> modes{"HOLD", "CONTinuous", "GROups", "SINGle"};
constexpr std::size_t hold = 0;
constexpr std::size_t continuous = 1;
constexpr std::size_t groups = 2;
const std::vector<std::string> sources{"EXTernal", "IMMediate", "MANual"};
constexpr std::size_t immediate = 1;
constexpr std::size_t by_hand = 2;
const std::vector<std::string> sweep_types{"LINear"};

std::string number_text(double value) {
    return fmt::format("{:+.11E}", value);
}

std::string in_quotation(const std::string& text) {
    return fmt::format("\"{}\"", text);
}

} // namespace

KeysightPna::KeysightPna(const std::string& serial, const VnaSite& site)
    : ScpiVna(fmt::format("Keysight Technologies,N5222B,{},A.15.75.19", serial),
              ErrorQueue::Sign::always, site, n5222b, after_preset, "cavity.csa",
              {.style = {.number = number_text}, .order = std::endian::big, .trace = "CH1_S11_1"}) {
    add_sweep_commands();
    add_trigger_commands();
    add_power_commands();
    add_trace_commands();
    add_file_commands();
    start_up();
}

void KeysightPna::start_up() {
    power_limit_.fill(power_limits.most);
    limited_.fill(false);
    ScpiVna::start_up();
}

void KeysightPna::preset_language() {
    ScpiVna::preset_language();
    mode_ = continuous;
    source_ = immediate;
    sweep_type_ = 0;
    group_ = 1;
    waits_ = false;
}

void KeysightPna::receiver_overloaded() {
    report(device_error, "Device-specific error;Receiver overload at port 2");
}

void KeysightPna::add_sweep_commands() {
    table().command("[:SENSe<1>]:SWEep:MODE", {1, 1},
                    [this](Call& call) { set_mode(call.choice(0, modes)); });
    table().query("[:SENSe<1>]:SWEep:MODE",
                  [this](Call& call) { call.reply(short_form_of(modes[mode_])); });
    add_count(
        "[:SENSe<1>]:SWEep:GROups:COUNt", 1, largest_group,
        [this](std::size_t count) { group_ = count; }, [this] { return group_; });
    add_choice(table(), "[:SENSe<1>]:SWEep:TYPE", sweep_type_, sweep_types);
    table().command(":ABORt", {}, [this](Call&) {
        waits_ = false;
        mode_ = mode_ == continuous ? continuous : hold;
        abort();
    });
    // It has one channel.
    table().command(":SYSTem:CHANnels:HOLD", {}, [this](Call&) { set_mode(hold); });
    for (const std::string_view preset : {":SYSTem:PRESet", ":SYSTem:FPReset"}) {
        table().command(preset, {}, [this](Call&) { reset(); });
    }
}

void KeysightPna::add_trigger_commands() {
    table().command(":TRIGger[:SEQuence]:SOURce", {1, 1},
                    [this](Call& call) { set_source(call.choice(0, sources)); });
    table().query(":TRIGger[:SEQuence]:SOURce",
                  [this](Call& call) { call.reply(short_form_of(sources[source_])); });
    add_toggle(
        ":INITiate<1>:CONTinuous", [this](bool on) { set_source(on ? immediate : by_hand); },
        [this] { return source_ == immediate; });
    table().command(":INITiate<1>[:IMMediate]", {}, [this](Call&) {
        if (source_ != by_hand) {
            throw ScpiError(scpi_number::init_ignored);
        }
        take_trigger();
    });
}

void KeysightPna::set_mode(std::size_t mode) {
    waits_ = false;
    mode_ = mode;
    set_continuous(mode == continuous && source_ == immediate);
    if (mode == hold) {
        abort();
    } else if (mode != continuous) {
        waits_ = true;
        if (source_ == immediate) {
            take_trigger();
        }
    }
}

void KeysightPna::set_source(std::size_t source) {
    source_ = source;
    if (mode_ == continuous) {
        set_continuous(source == immediate);
    } else if (waits_ && source == immediate) {
        take_trigger();
    }
}

void KeysightPna::take_trigger() {
    if (mode_ == continuous || std::exchange(waits_, false)) {
        initiate(mode_ == groups ? group_ : 1);
    }
}

void KeysightPna::trigger() {
    if (source_ != by_hand) {
        throw ScpiError(scpi_number::trigger_ignored);
    }
    take_trigger();
}

void KeysightPna::swept() {
    mode_ = mode_ == continuous ? continuous : hold;
}

void KeysightPna::add_power_commands() {
    // The ports are coupled: whichever is named, all have the power.
    add_setting(
        "[:SOURce<1>]:POWer<1-2>[:LEVel][:IMMediate][:AMPLitude]", limits().power,
        [this](double dbm) {
            const double most = within_limits(dbm);
            set_power(most);
            if (most < dbm) {
                throw ScpiError(scpi_number::out_of_range, "power limit");
            }
        },
        [this] { return settings().power; });
    add_toggle(
        "[:SOURce<1>]:POWer:COUPle",
        [](bool on) {
            if (!on) {
                throw ScpiError(scpi_number::settings_conflict, "ports are coupled");
            }
        },
        [] { return true; });
    constexpr std::string_view limit = ":SYSTem:POWer<1-2>:LIMit";
    table().command(limit, {1, 1}, [this](Call& call) {
        power_limit_.at(call.suffix() - 1) = call.number(0, power_limits);
        apply_limits();
    });
    table().query(
        limit, [this](Call& call) { call.reply(number_text(power_limit_.at(call.suffix() - 1))); });
    constexpr std::string_view state = ":SYSTem:POWer<1-2>:LIMit:STATe";
    table().command(state, {1, 1}, [this](Call& call) {
        limited_.at(call.suffix() - 1) = call.boolean(0);
        apply_limits();
    });
    table().query(state,
                  [this](Call& call) { call.reply(style().of(limited_.at(call.suffix() - 1))); });
}

double KeysightPna::within_limits(double dbm) const {
    for (std::size_t port = 0; port < ports; ++port) {
        dbm = limited_.at(port) ? std::min(dbm, power_limit_.at(port)) : dbm;
    }
    return dbm;
}

void KeysightPna::apply_limits() {
    if (const double most = within_limits(settings().power); most < settings().power) {
        set_power(most);
    }
}

void KeysightPna::add_trace_commands() {
    table().command(":CALCulate<1>:PARameter:DEFine:EXTended", {2, 2}, [this](Call& call) {
        if (has_trace(call.text(0))) {
            throw ScpiError(scpi_number::settings_conflict, "there is a measurement of this name");
        }
        define_trace(call.text(0), call.text(1));
    });
    // The second parameter, "fast", says that nothing is to be drawn.
    table().command(":CALCulate<1>:PARameter:SELect", {1, 2},
                    [this](Call& call) { select_trace(call.text(0)); });
    table().query(":CALCulate<1>:PARameter:SELect",
                  [this](Call& call) { call.reply(in_quotation(selected_trace())); });
    for (const std::string_view all :
         {":CALCulate<1>:PARameter:CATalog", ":CALCulate<1>:PARameter:CATalog:EXTended"}) {
        table().query(all, [this](Call& call) {
            const std::string traces = catalogue();
            call.reply(in_quotation(traces.empty() ? "NO CATALOG" : traces));
        });
    }
    table().command(":CALCulate<1>:PARameter:DELete[:NAME]", {1, 1},
                    [this](Call& call) { delete_trace(call.text(0)); });
    table().command(":CALCulate<1>:PARameter:DELete:ALL", {}, [this](Call&) { delete_traces(); });
}

void KeysightPna::add_file_commands() {
    table().command(":MMEMory:LOAD[:CSARchive]", {1, 1}, [this](Call& call) {
        recall_setup(call.text(0));
        waits_ = false;
        source_ = immediate;
        mode_ = settings().continuous ? continuous : hold;
    });
    table().command(":MMEMory:STORe[:CSARchive]", {1, 1},
                    [this](Call& call) { store(call.text(0)); });
    table().command(":MMEMory:TRANsfer", {2, 2},
                    [this](Call& call) { upload(call.text(0), call.block(1)); });
    table().query(":MMEMory:TRANsfer",
                  [this](Call& call) { call.reply(as_block(file(call.text(0)).bytes)); }, {1, 1});
}

} // namespace phyll::bench
