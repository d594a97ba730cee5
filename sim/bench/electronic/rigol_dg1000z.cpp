#include "sim/bench/electronic/rigol_dg1000z.hpp"

#include "sim/bench/electronic/waveform_data.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <memory>
#include <utility>

namespace phyll::bench {
namespace {

constexpr double highest_code = 16383.0;
constexpr std::size_t least_points = 8;
constexpr std::size_t most_points_a_block = 16384;
constexpr std::size_t most_points = std::size_t{8} << 20U;
constexpr NumberRange sample_rates{1e-6, 60e6};
constexpr NumberRange loads{1.0, 10e3};
constexpr double most_cycles = 1e6;
constexpr double any = std::numeric_limits<double>::max(); // What is in range depends on the load.

const std::vector<std::string> functions{"SINusoid", "SQUare", "RAMP",      "PULSe",
                                         "NOISe",    "USER",   "ARBitrary", "DC"};
constexpr std::size_t arbitrary_function = 6;
const std::vector<std::string> modes{"FREQuency", "SRATe"};
const std::vector<std::string> burst_modes{"TRIGgered", "INFinity", "GATed"};
const std::vector<std::string> trigger_sources{"INTernal", "EXTernal", "MANual"};
constexpr std::size_t by_hand = 2;
const std::vector<std::string> trigger_outputs{"OFF", "POSitive", "NEGative"};
const std::vector<std::string> units{"VPP", "VRMS", "DBM"};

std::string number_text(double value) {
    return fmt::format("{:.6E}", value);
}

constexpr ReplyStyle style{.number = number_text, .switches_in_words = true};

} // namespace

RigolDg1000z::RigolDg1000z(const std::string& serial, OutputErrors errors, Play play)
    : Generator(fmt::format("RIGOL TECHNOLOGIES,DG1022Z,{},03.01.12", serial),
                ErrorQueue::Sign::negative_only, errors, std::move(play)) {
    add_function_commands();
    add_level_commands();
    add_output_commands();
    add_burst_commands();
    reset();
}

void RigolDg1000z::reset() {
    constexpr double amplitude = 2.5; // V, into an open output
    state() = {};
    state().high = amplitude;
    state().low = -amplitude;
    state().load = std::numeric_limits<double>::infinity();
    state().rate = 20e6;
    own_ = {};
}

void RigolDg1000z::select(std::size_t function) {
    own_.function = function;
    state().arbitrary = function == arbitrary_function;
}

void RigolDg1000z::add_function_commands() {
    constexpr std::string_view function = "[:SOURce<1>]:FUNCtion[:SHAPe]";
    table().command(function, {1, 1}, [this](Call& call) { select(call.choice(0, functions)); });
    table().query(function,
                  [this](Call& call) { call.reply(short_form_of(functions[own_.function])); });
    add_choice(table(), "[:SOURce<1>]:FUNCtion:ARBitrary:MODE", own_.mode, modes);
    add_number(table(), "[:SOURce<1>]:FUNCtion:ARBitrary:SRATe", state().rate, sample_rates, style);
    table().command("[:SOURce<1>]:APPLy:ARBitrary", {0, 3}, [this](Call& call) { apply(call); });
    table().command("[:SOURce<1>][:TRACe]:DATA:DAC16", {3, 3},
                    [this](Call& call) { download(call); });
}

/// Sample rate, amplitude, offset, as many of them as are given.
void RigolDg1000z::apply(Call& call) {
    const double shown_now = shown();
    double amplitude = (state().high - state().low) * shown_now;
    double offset = (state().high + state().low) / 2 * shown_now;
    const double rate = call.count() > 0 ? call.number(0, sample_rates) : state().rate;
    if (call.count() > 1) {
        amplitude = call.number(1, {0, any});
    }
    if (call.count() > 2) {
        offset = call.number(2, {-any, any});
    }
    set_levels(offset + amplitude / 2, offset - amplitude / 2);
    state().rate = rate;
    own_.mode = 1;
    select(arbitrary_function);
}

void RigolDg1000z::download(Call& call) {
    if (!call.is(0, "VOLATILE")) {
        throw ScpiError(scpi_number::illegal_parameter);
    }
    const std::size_t last = call.choice(1, {"CON", "END"});
    const std::vector<std::uint16_t> words =
        words_in<std::uint16_t>(call.block(2), std::endian::little);
    if (words.size() < least_points || words.size() > most_points_a_block ||
        own_.arriving.size() + words.size() > most_points) {
        own_.arriving.clear();
        throw ScpiError(scpi_number::block_data);
    }
    for (const std::uint16_t word : words) {
        if (word > static_cast<unsigned>(highest_code)) {
            own_.arriving.clear();
            throw ScpiError(scpi_number::out_of_range);
        }
        own_.arriving.push_back(word / highest_code);
    }
    if (last != 0) {
        state().waveform =
            std::make_shared<const std::vector<double>>(std::exchange(own_.arriving, {}));
        select(arbitrary_function);
    }
}

void RigolDg1000z::add_level_commands() {
    const auto level = [this](std::string_view pattern, auto set, auto get) {
        table().command(pattern, {1, 1}, [set](Call& call) { set(call.number(0, {-any, any})); });
        table().query(pattern, [get](Call& call) { call.reply(number_text(get())); });
    };
    const auto high = [this] { return state().high * shown(); };
    const auto low = [this] { return state().low * shown(); };
    level(
        "[:SOURce<1>]:VOLTage[:LEVel][:IMMediate]:HIGH", [this](double volts) { set_high(volts); },
        high);
    level(
        "[:SOURce<1>]:VOLTage[:LEVel][:IMMediate]:LOW", [this](double volts) { set_low(volts); },
        low);
    level(
        "[:SOURce<1>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]",
        [this, high, low](double peak_to_peak) {
            const double offset = (high() + low()) / 2;
            set_levels(offset + peak_to_peak / 2, offset - peak_to_peak / 2);
        },
        [high, low] { return high() - low(); });
    level(
        "[:SOURce<1>]:VOLTage[:LEVel][:IMMediate]:OFFSet",
        [this, high, low](double offset) {
            const double amplitude = (high() - low()) / 2;
            set_levels(offset + amplitude, offset - amplitude);
        },
        [high, low] { return (high() + low()) / 2; });
    add_choice(table(), "[:SOURce<1>]:VOLTage:UNIT", own_.unit, units);
}

void RigolDg1000z::add_output_commands() {
    add_switch(table(), ":OUTPut<1>[:STATe]", state().on, style);
    add_switch(table(), ":OUTPut<1>:SYNC[:STATe]", own_.sync, style);
    for (const std::string_view load : {":OUTPut<1>:LOAD", ":OUTPut<1>:IMPedance"}) {
        table().command(load, {1, 1}, [this](Call& call) {
            state().load = call.is(0, "INFinity") ? std::numeric_limits<double>::infinity()
                                                  : call.number(0, loads);
        });
        table().query(load, [this](Call& call) {
            call.reply(std::isinf(state().load) ? "INFINITY" : number_text(state().load));
        });
    }
}

void RigolDg1000z::add_burst_commands() {
    add_switch(table(), "[:SOURce<1>]:BURSt[:STATe]", state().burst, style);
    add_choice(table(), "[:SOURce<1>]:BURSt:MODE", own_.burst_mode, burst_modes);
    add_number(table(), "[:SOURce<1>]:BURSt:NCYCles", state().cycles, {1, most_cycles}, style);
    add_choice(table(), "[:SOURce<1>]:BURSt:TRIGger:SOURce", own_.trigger_source, trigger_sources);
    add_choice(table(), "[:SOURce<1>]:BURSt:TRIGger:TRIGOut", own_.trigger_output, trigger_outputs);
    table().command("[:SOURce<1>]:BURSt:TRIGger[:IMMediate]", {}, [this](Call&) { trigger(); });
}

void RigolDg1000z::trigger() {
    if (own_.trigger_source != by_hand || own_.burst_mode != 0) {
        throw ScpiError(scpi_number::trigger_ignored);
    }
    state().trigger_output = own_.trigger_output != 0;
    fire(own_.trigger_output == 2 ? Slope::falling : Slope::rising);
}

} // namespace phyll::bench
