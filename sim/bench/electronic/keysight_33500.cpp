#include "sim/bench/electronic/keysight_33500.hpp"

#include "drivers/core/text.hpp"
#include "sim/bench/electronic/waveform_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace phyll::bench {
namespace {

constexpr double code_span = 65535.0; ///< from the lowest code to the highest
constexpr double lowest_code = -32768.0;
constexpr double highest_code = 32767.0;
constexpr std::size_t least_points = 8;
constexpr std::size_t memory_points = 1'048'576;
constexpr double infinite = 9.9e37;
constexpr NumberRange sample_rates{1e-6, 250e6};
constexpr NumberRange loads{1.0, 10e3};
constexpr double most_cycles = 1e8;

const std::vector<std::string> functions{"SINusoid", "SQUare", "RAMP", "PULSe",   "PRBS",
                                         "NOISe",    "ARB",    "DC",   "TRIangle"};
constexpr std::size_t arbitrary_function = 6;
const std::vector<std::string> filters{"NORMal", "STEP", "OFF"};
const std::vector<std::string> byte_orders{"NORMal", "SWAPped"};
const std::vector<std::string> units{"VPP", "VRMS", "DBM"};
const std::vector<std::string> burst_modes{"TRIGgered", "GATed"};
const std::vector<std::string> trigger_sources{"IMMediate", "EXTernal", "TIMer", "BUS"};
constexpr std::size_t bus_source = 3;
const std::vector<std::string> slopes{"POSitive", "NEGative"};

std::string number_text(double value) {
    return fmt::format("{:+.13E}", value);
}

constexpr ReplyStyle style{.number = number_text};

ScpiError exists_already(const std::string& name) {
    return ScpiError::of_maker(786, "Specified arb waveform already exists;" + name);
}

ScpiError does_not_exist(const std::string& name) {
    return ScpiError::of_maker(785, "Specified arb waveform does not exist;" + name);
}

ScpiError memory_full() {
    return ScpiError::of_maker(781, "Not enough memory to load new arb waveform");
}

} // namespace

Keysight33500::Keysight33500(const std::string& serial, OutputErrors errors, Play play)
    : Generator(fmt::format("Keysight Technologies,33512B,{},5.03-3.15-2.00-58-00", serial),
                ErrorQueue::Sign::always, errors, std::move(play)) {
    add_function_commands();
    add_data_commands();
    add_level_commands();
    add_limit_commands();
    add_output_commands();
    add_trigger_commands();
    reset();
}

void Keysight33500::reset() {
    state() = {};
    own_ = {};
    clear_memory();
}

void Keysight33500::add_function_commands() {
    constexpr std::string_view function = "[:SOURce<1>]:FUNCtion";
    table().command(function, {1, 1}, [this](Call& call) {
        own_.function = call.choice(0, functions);
        state().arbitrary = own_.function == arbitrary_function;
    });
    table().query(function,
                  [this](Call& call) { call.reply(short_form_of(functions[own_.function])); });
    constexpr std::string_view waveform = "[:SOURce<1>]:FUNCtion:ARBitrary";
    table().command(waveform, {1, 1}, [this](Call& call) {
        const std::string name = in_capitals(call.text(0));
        const auto found = memory_.find(name);
        if (found == memory_.end()) {
            throw does_not_exist(name);
        }
        own_.waveform = name;
        state().waveform = found->second;
    });
    table().query(waveform,
                  [this](Call& call) { call.reply(fmt::format("\"{}\"", own_.waveform)); });
    table().query("[:SOURce<1>]:FUNCtion:ARBitrary:POINts",
                  [this](Call& call) { call.reply(fmt::format("+{}", state().waveform->size())); });
    add_number(table(), "[:SOURce<1>]:FUNCtion:ARBitrary:SRATe", state().rate, sample_rates, style);
    add_choice(table(), "[:SOURce<1>]:FUNCtion:ARBitrary:FILTer", own_.filter, filters);
}

void Keysight33500::add_data_commands() {
    constexpr Parameters name_and_data{2, memory_points + 1};
    table().command("[:SOURce<1>]:DATA:ARBitrary<1>", name_and_data,
                    [this](Call& call) { download_numbers(call); });
    table().command("[:SOURce<1>]:DATA:ARBitrary<1>:DAC", name_and_data,
                    [this](Call& call) { download_codes(call); });
    table().command("[:SOURce<1>]:DATA:VOLatile:CLEar", {}, [this](Call&) { clear_memory(); });
    table().query("[:SOURce<1>]:DATA:VOLatile:FREE", [this](Call& call) {
        call.reply(fmt::format("+{}", memory_points - points_stored()));
    });
    table().query("[:SOURce<1>]:DATA:VOLatile:CATalog", [this](Call& call) {
        std::string names;
        for (const auto& [name, waveform] : memory_) {
            names += fmt::format("{}\"{}\"", names.empty() ? "" : ",", name);
        }
        call.reply(names.empty() ? "\"\"" : names);
    });
    add_choice(table(), ":FORMat:BORDer", own_.byte_order, byte_orders);
}

std::endian Keysight33500::order() const {
    return own_.byte_order == 0 ? std::endian::big : std::endian::little;
}

void Keysight33500::download_codes(Call& call) {
    std::vector<double> fractions;
    const auto add = [&](double code) { fractions.push_back((code - lowest_code) / code_span); };
    if (call.is_block(1)) {
        for (const std::uint16_t word : words_in<std::uint16_t>(call.block(1), order())) {
            add(static_cast<double>(static_cast<std::int16_t>(word)));
        }
    } else {
        for (std::size_t i = 1; i < call.count(); ++i) {
            add(std::round(call.number(i, {lowest_code, highest_code})));
        }
    }
    store(call.text(0), std::move(fractions));
}

void Keysight33500::download_numbers(Call& call) {
    std::vector<double> fractions;
    const auto add = [&](double value) {
        if (!(value >= -1 && value <= 1)) {
            throw ScpiError(scpi_number::out_of_range);
        }
        fractions.push_back(std::round((value + 1) / 2 * code_span) / code_span);
    };
    if (call.is_block(1)) {
        for (const std::uint32_t word : words_in<std::uint32_t>(call.block(1), order())) {
            add(static_cast<double>(std::bit_cast<float>(word)));
        }
    } else {
        for (std::size_t i = 1; i < call.count(); ++i) {
            add(call.number(i, {-1, 1}));
        }
    }
    store(call.text(0), std::move(fractions));
}

void Keysight33500::store(const std::string& name, std::vector<double> fractions) {
    const std::string key = in_capitals(name);
    if (memory_.contains(key)) {
        throw exists_already(key);
    }
    if (fractions.size() < least_points) {
        throw ScpiError(scpi_number::out_of_range);
    }
    if (points_stored() + fractions.size() > memory_points) {
        throw memory_full();
    }
    memory_[key] = std::make_shared<const std::vector<double>>(std::move(fractions));
}

void Keysight33500::clear_memory() {
    constexpr double middle = 0.5;
    memory_.clear();
    own_.waveform = "FLAT";
    state().waveform = std::make_shared<const std::vector<double>>(least_points, middle);
}

std::size_t Keysight33500::points_stored() const {
    std::size_t points = 0;
    for (const auto& [name, waveform] : memory_) {
        points += waveform->size();
    }
    return points;
}

void Keysight33500::add_level_commands() {
    static constexpr double most = std::numeric_limits<double>::max();
    // What is in range is not known before the load is.
    static constexpr NumberRange any{-most, most};
    const auto level = [this](std::string_view pattern, auto set, auto get) {
        table().command(pattern, {1, 1}, [set](Call& call) { set(call.number(0, any)); });
        table().query(pattern, [get](Call& call) { call.reply(number_text(get())); });
    };
    const auto high = [this] { return state().high * shown(); };
    const auto low = [this] { return state().low * shown(); };
    level("[:SOURce<1>]:VOLTage:HIGH", [this](double volts) { set_high(volts); }, high);
    level("[:SOURce<1>]:VOLTage:LOW", [this](double volts) { set_low(volts); }, low);
    level(
        "[:SOURce<1>]:VOLTage",
        [this, high, low](double peak_to_peak) {
            const double offset = (high() + low()) / 2;
            set_levels(offset + peak_to_peak / 2, offset - peak_to_peak / 2);
        },
        [high, low] { return high() - low(); });
    level(
        "[:SOURce<1>]:VOLTage:OFFSet",
        [this, high, low](double offset) {
            const double amplitude = (high() - low()) / 2;
            set_levels(offset + amplitude, offset - amplitude);
        },
        [high, low] { return (high() + low()) / 2; });
    add_choice(table(), "[:SOURce<1>]:VOLTage:UNIT", own_.unit, units);
}

void Keysight33500::add_limit_commands() {
    const auto limit_level = [this](std::string_view pattern, double& value, bool upper_end) {
        table().command(pattern, {1, 1}, [this, &value, upper_end](Call& call) {
            const double most = largest_level * shown();
            const double open = call.number(0, {-most, most}) / shown();
            const bool cuts = upper_end ? open < state().high : open > state().low;
            if (state().limited && cuts) {
                throw ScpiError(scpi_number::settings_conflict, "level beyond the limit");
            }
            value = open;
        });
        table().query(pattern,
                      [this, &value](Call& call) { call.reply(number_text(value * shown())); });
    };
    limit_level("[:SOURce<1>]:VOLTage:LIMit:HIGH", state().high_limit, true);
    limit_level("[:SOURce<1>]:VOLTage:LIMit:LOW", state().low_limit, false);
    constexpr std::string_view on = "[:SOURce<1>]:VOLTage:LIMit:STATe";
    table().command(on, {1, 1}, [this](Call& call) { limit(call.boolean(0)); });
    table().query(on, [this](Call& call) { call.reply(style.of(state().limited)); });
}

void Keysight33500::limit(bool on) {
    if (on && (state().high > state().high_limit || state().low < state().low_limit)) {
        throw ScpiError(scpi_number::settings_conflict, "level beyond the limit");
    }
    state().limited = on;
}

void Keysight33500::add_output_commands() {
    add_switch(table(), ":OUTPut<1>", state().on, style);
    add_switch(table(), ":OUTPut<1>:SYNC", own_.sync, style);
    constexpr std::string_view load = ":OUTPut<1>:LOAD";
    table().command(load, {1, 1}, [this](Call& call) { set_load(call); });
    table().query(load, [this](Call& call) {
        call.reply(number_text(std::isinf(state().load) ? infinite : state().load));
    });
    add_switch(table(), ":OUTPut:TRIGger", state().trigger_output, style);
    add_choice(table(), ":OUTPut:TRIGger:SLOPe", own_.trigger_output_slope, slopes);
}

void Keysight33500::set_load(Call& call) {
    if (call.is(0, "INFinity") || call.is(0, "MAXimum")) {
        state().load = std::numeric_limits<double>::infinity();
        return;
    }
    const double load = call.number(0, {loads.least, infinite});
    if (load > loads.most && load < infinite) {
        throw ScpiError(scpi_number::out_of_range);
    }
    state().load = load < infinite ? load : std::numeric_limits<double>::infinity();
}

void Keysight33500::add_trigger_commands() {
    add_choice(table(), "[:SOURce<1>]:BURSt:MODE", own_.burst_mode, burst_modes);
    add_number(table(), "[:SOURce<1>]:BURSt:NCYCles", state().cycles, {1, most_cycles}, style);
    add_switch(table(), "[:SOURce<1>]:BURSt:STATe", state().burst, style);
    add_choice(table(), ":TRIGger<1>:SOURce", own_.trigger_source, trigger_sources);
    add_choice(table(), ":TRIGger<1>:SLOPe", own_.trigger_slope, slopes);
    table().command(":TRIGger<1>", {}, [this](Call&) { fire_bus_trigger(); });
}

void Keysight33500::trigger() {
    if (own_.trigger_source != bus_source) {
        throw ScpiError(scpi_number::trigger_ignored);
    }
    fire_bus_trigger();
}

void Keysight33500::fire_bus_trigger() {
    if (own_.burst_mode != 0) {
        throw ScpiError(scpi_number::trigger_ignored);
    }
    fire(own_.trigger_output_slope == 0 ? Slope::rising : Slope::falling);
}

} // namespace phyll::bench
