#include "sim/bench/microwave/scpi_vna.hpp"

#include "drivers/core/text.hpp"
#include "sim/bench/scpi/block.hpp"
#include "sim/bench/scpi/header_pattern.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace phyll::bench {
namespace {

constexpr std::size_t ascii = 0;
constexpr std::size_t real32 = 1;
constexpr std::size_t real64 = 2;
constexpr std::size_t most_averages = 65536;
constexpr unsigned unleveled_bit = 1U << 2U;
constexpr unsigned overload_bit = 1U << 3U;

const std::vector<std::string> orders{"NORMal", "SWAPped"};
const std::vector<std::string> displays{"MLOGarithmic", "MLINear", "REAL", "IMAGinary", "PHASe"};

template <class Real>
void append(std::string& bytes, double number, std::endian order) {
    const auto value = static_cast<Real>(number);
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    if (order != std::endian::native) {
        std::reverse(std::begin(raw), std::end(raw));
    }
    bytes.append(raw, sizeof raw);
}

} // namespace

ScpiVna::ScpiVna(std::string identity, ErrorQueue::Sign sign, const VnaSite& site,
                 const VnaLimits& limits, const VnaSettings& settings, const std::string& file,
                 Manner manner)
    : Vna(std::move(identity), sign, site, limits, settings, file),
      manner_(std::move(manner)),
      order_(manner_.order) {
    add_stimulus_commands();
    add_channel_commands();
    add_data_commands();
    add_status_commands();
}

void ScpiVna::preset_language() {
    traces_ = {{manner_.trace, "S11"}};
    selected_ = manner_.trace;
    format_ = ascii;
    order_ = manner_.order;
    display_ = 0;
}

/// A setup comes with its traces.
void ScpiVna::recall_setup(const std::string& name) {
    recall(name);
    traces_ = {{manner_.trace, "S21"}};
    selected_ = manner_.trace;
}

void ScpiVna::add_stimulus_commands() {
    const NumberRange range = limits().frequency;
    const auto band = [this] { return settings().band; };
    const auto centre = [band] { return (band().start + band().stop) / 2; };
    const auto span = [band] { return band().stop - band().start; };
    add_setting(
        "[:SENSe<1>]:FREQuency:STARt", range, [this](double hertz) { set_start(hertz); },
        [band] { return band().start; });
    add_setting(
        "[:SENSe<1>]:FREQuency:STOP", range, [this](double hertz) { set_stop(hertz); },
        [band] { return band().stop; });
    add_setting(
        "[:SENSe<1>]:FREQuency:CENTer", range,
        [this, span](double hertz) { set_span(hertz, span()); }, centre);
    add_setting(
        "[:SENSe<1>]:FREQuency:SPAN", {0, range.most - range.least},
        [this, centre](double hertz) { set_span(centre(), hertz); }, span);
    add_count(
        "[:SENSe<1>]:SWEep:POINts", 2, limits().points,
        [this](std::size_t points) { set_points(points); }, [band] { return band().points; });
}

void ScpiVna::add_channel_commands() {
    for (const std::string_view pattern :
         {"[:SENSe<1>]:BANDwidth[:RESolution]", "[:SENSe<1>]:BWIDth[:RESolution]"}) {
        add_setting(
            pattern, limits().bandwidth, [this](double hertz) { set_bandwidth(hertz); },
            [this] { return settings().bandwidth; });
    }
    add_toggle(
        ":OUTPut<1>[:STATe]", [this](bool on) { set_rf(on); }, [this] { return settings().rf; });
    add_toggle(
        "[:SENSe<1>]:CORRection[:STATe]", [this](bool on) { set_correction(on); },
        [this] { return settings().correction; });
    add_toggle(
        "[:SENSe<1>]:AVERage[:STATe]", [this](bool on) { set_averaging(on); },
        [this] { return settings().averaging; });
    add_count(
        "[:SENSe<1>]:AVERage:COUNt", 1, most_averages,
        [this](std::size_t count) { set_averages(count); }, [this] { return settings().averages; });
}

void ScpiVna::add_data_commands() {
    table().query(":CALCulate<1>:DATA", [this](Call& call) { answer_data(call); }, {1, 1});
    add_choice(table(), ":CALCulate<1>:FORMat", display_, displays);
    table().command(":FORMat[:DATA]", {1, 2}, [this](Call& call) {
        const bool real = call.choice(0, {"ASCii", "REAL"}) == 1;
        const std::size_t bits = call.count() > 1 ? call.whole(1, 0, 64) : 32;
        if (real && bits != 32 && bits != 64) {
            throw ScpiError(scpi_number::illegal_parameter);
        }
        format_ = !real ? ascii : bits == 64 ? real64 : real32;
    });
    table().query(":FORMat[:DATA]", [this](Call& call) {
        call.reply(format_ == ascii ? "ASC,0" : format_ == real32 ? "REAL,32" : "REAL,64");
    });
    table().command(":FORMat:BORDer", {1, 1}, [this](Call& call) {
        order_ = call.choice(0, orders) == 0 ? std::endian::big : std::endian::little;
    });
    table().query(":FORMat:BORDer", [this](Call& call) {
        call.reply(short_form_of(orders[order_ == std::endian::big ? 0 : 1]));
    });
    for (const std::string_view stimulus :
         {":CALCulate<1>:DATA:STIMulus", ":CALCulate<1>:X[:VALues]", "[:SENSe<1>]:X[:VALues]"}) {
        table().query(stimulus, [this](Call& call) {
            std::vector<double> frequencies;
            for (std::size_t i = 0; i < settings().band.points; ++i) {
                frequencies.push_back(settings().band.frequency(i));
            }
            reply_numbers(call, frequencies);
        });
    }
}

void ScpiVna::answer_data(Call& call) {
    const bool raw = call.choice(0, {"SDATa", "FDATa"}) == 0;
    const auto trace = std::ranges::find(traces_, selected_, &Traces::value_type::first);
    if (trace == traces_.end()) {
        throw ScpiError(scpi_number::settings_conflict, "no trace is selected");
    }
    const std::vector<std::complex<double>> values = data(trace->second);
    if (!raw) {
        reply_numbers(call, formatted(values));
        return;
    }
    std::vector<double> numbers;
    for (const std::complex<double>& value : values) {
        numbers.push_back(value.real());
        numbers.push_back(value.imag());
    }
    reply_numbers(call, numbers);
}

std::vector<double> ScpiVna::formatted(const std::vector<std::complex<double>>& s) const {
    constexpr double decibels = 20.0;
    constexpr double degrees = 57.29577951308232;
    std::vector<double> numbers;
    for (const std::complex<double>& value : s) {
        const double shown[]{decibels * std::log10(std::abs(value)), std::abs(value), value.real(),
                             value.imag(), degrees * std::arg(value)};
        numbers.push_back(shown[display_]);
    }
    return numbers;
}

void ScpiVna::reply_numbers(Call& call, const std::vector<double>& numbers) const {
    if (format_ == ascii) {
        std::vector<std::string> texts;
        for (const double number : numbers) {
            texts.push_back(style().number(number));
        }
        call.reply(fmt::format("{}", fmt::join(texts, ",")));
        return;
    }
    std::string bytes;
    for (const double number : numbers) {
        format_ == real32 ? append<float>(bytes, number, order_)
                          : append<double>(bytes, number, order_);
    }
    call.reply(as_block(bytes));
}

void ScpiVna::add_status_commands() {
    constexpr std::string_view hardware = ":STATus:QUEStionable:INTegrity:HARDware";
    const auto bits = [](bool unleveled, bool overloaded) {
        return std::to_string((unleveled ? unleveled_bit : 0U) | (overloaded ? overload_bit : 0U));
    };
    table().query(fmt::format("{}:CONDition", hardware), [this, bits](Call& call) {
        call.reply(bits(unleveled(), overloaded() && overload_has_bit()));
    });
    table().query(fmt::format("{}[:EVENt]", hardware), [this, bits](Call& call) {
        const Troubles troubles = take_troubles();
        call.reply(bits(troubles.unleveled, troubles.overloaded && overload_has_bit()));
    });
}

void ScpiVna::define_trace(const std::string& name, const std::string& parameter) {
    if (name.empty() || !is_parameter(parameter)) {
        throw ScpiError(scpi_number::illegal_parameter, parameter);
    }
    const auto found = std::ranges::find(traces_, name, &Traces::value_type::first);
    if (found != traces_.end()) {
        found->second = in_capitals(parameter);
    } else {
        traces_.emplace_back(name, in_capitals(parameter));
    }
}

bool ScpiVna::has_trace(const std::string& name) const {
    return std::ranges::find(traces_, name, &Traces::value_type::first) != traces_.end();
}

void ScpiVna::select_trace(const std::string& name) {
    if (!has_trace(name)) {
        throw ScpiError(scpi_number::illegal_parameter, name);
    }
    selected_ = name;
}

void ScpiVna::delete_trace(const std::string& name) {
    if (!has_trace(name)) {
        throw ScpiError(scpi_number::illegal_parameter, name);
    }
    std::erase_if(traces_, [&](const auto& trace) { return trace.first == name; });
    if (selected_ == name) {
        selected_.clear();
    }
}

void ScpiVna::delete_traces() {
    traces_.clear();
    selected_.clear();
}

std::string ScpiVna::catalogue() const {
    std::vector<std::string> words;
    for (const auto& [name, parameter] : traces_) {
        words.insert(words.end(), {name, parameter});
    }
    return fmt::format("{}", fmt::join(words, ","));
}

} // namespace phyll::bench
