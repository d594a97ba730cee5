#include "sim/bench/microwave/librevna.hpp"

#include "sim/bench/scpi/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace phyll::bench {
namespace {

constexpr VnaLimits device{.frequency = {100e3, 6e9},
                           .power = {-40, 0},
                           .leveled = 0,
                           .bandwidth = {10, 50e3},
                           .points = 4501};
constexpr VnaSettings after_reset{.power = -10.0,
                                  .band = {.start = 1e6, .stop = 6e9, .points = 501},
                                  .bandwidth = 1e3,
                                  .averages = 1};
constexpr double most_averages = 99;

const std::vector<std::string> modes{"VNA", "GEN", "SA"};
constexpr std::size_t vna = 0;
constexpr std::size_t generator = 1;
const std::vector<std::string> sweeps{"FREQUENCY"};
const std::vector<std::string> sweep_types{"LIN"};
const std::vector<std::string> parameters{"S11", "S12", "S21", "S22"};

/// Any number: the device takes what is nearest.
double any_number(const Call& call) {
    constexpr double any = std::numeric_limits<double>::max();
    return call.number(0, {-any, any});
}

double within(double value, NumberRange range) {
    return std::clamp(value, range.least, range.most);
}

std::size_t whole_within(double value, double least, double most) {
    return static_cast<std::size_t>(std::llround(std::clamp(value, least, most)));
}

std::string text_of(bool value) {
    return value ? "TRUE" : "FALSE";
}

std::string text_of(double value) {
    return fmt::format("{:g}", value);
}

bool truth(const Call& call) {
    if (call.is(0, "TRUE") || call.is(0, "FALSE")) {
        return call.is(0, "TRUE");
    }
    return call.boolean(0);
}

} // namespace

LibreVna::LibreVna(const std::string& serial, const VnaSite& site)
    : Vna(fmt::format("LibreVNA,LibreVNA-GUI,{},1.6.0", serial), std::nullopt, site, device,
          after_reset, "cavity.cal"),
      serial_(serial) {
    add_device_commands();
    add_limit_queries();
    add_frequency_commands();
    add_acquisition_commands();
    add_trace_commands();
    add_calibration_commands();
    add_generator_commands();
    start_up();
}

void LibreVna::preset_language() {
    mode_ = vna;
    sweep_ = 0;
    sweep_type_ = 0;
    generator_port_ = 0;
    single_ = false;
    acquisition_ = settings().rf ? Acquisition::running : Acquisition::stopped;
    left_over_ = false;
    adc_overloaded_ = false;
}

void LibreVna::add_number(std::string_view pattern, std::function<void(double)> set,
                          std::function<double()> get) {
    table().command(pattern, {1, 1}, [this, set = std::move(set)](Call& call) {
        set(any_number(call));
        resettled();
    });
    table().query(pattern, [get = std::move(get)](Call& call) { call.reply(text_of(get())); });
}

void LibreVna::add_device_commands() {
    table().command(":DEVice:MODE", {1, 1},
                    [this](Call& call) { set_mode(call.choice(0, modes)); });
    table().query(":DEVice:MODE", [this](Call& call) { call.reply(modes[mode_]); });
    table().command(":DEVice:CONNect", {0, 1}, [this](Call& call) {
        if (call.count() > 0 && call.text(0) != serial_) {
            throw ScpiError(scpi_number::illegal_parameter);
        }
    });
    for (const std::string_view list : {":DEVice:CONNect", ":DEVice:LIST"}) {
        table().query(list, [this](Call& call) { call.reply(serial_); });
    }
    table().query(":DEVice:STAtus:UNLOcked", [](Call& call) { call.reply(text_of(false)); });
    table().query(":DEVice:STAtus:ADCOVERload",
                  [this](Call& call) { call.reply(text_of(adc_overloaded_ || overloaded())); });
    table().query(":DEVice:STAtus:UNLEVel",
                  [this](Call& call) { call.reply(text_of(unleveled())); });
}

void LibreVna::add_limit_queries() {
    const auto limit = [this](const char* what, double value) {
        table().query(fmt::format(":DEVice:INFo:LIMits:{}", what),
                      [value](Call& call) { call.reply(fmt::format("{:.0f}", value)); });
    };
    limit("MINFrequency", device.frequency.least);
    limit("MAXFrequency", device.frequency.most);
    limit("MINIFBW", device.bandwidth.least);
    limit("MAXIFBW", device.bandwidth.most);
    limit("MAXPoints", static_cast<double>(device.points));
    limit("MINPOWer", device.power.least);
    limit("MAXPOWer", device.power.most);
    table().query(":DEVice:INFo:FWREVision", [](Call& call) { call.reply("1.6.0"); });
    table().query(":DEVice:INFo:HWREVision", [](Call& call) { call.reply("B"); });
}

void LibreVna::add_frequency_commands() {
    const auto band = [this] { return settings().band; };
    const auto centre = [band] { return (band().start + band().stop) / 2; };
    const auto span = [band] { return band().stop - band().start; };
    const NumberRange range = device.frequency;
    add_choice(table(), ":VNA:SWEEP", sweep_, sweeps);
    add_choice(table(), ":VNA:SWEEPTYPE", sweep_type_, sweep_types);
    add_number(
        ":VNA:FREQuency:START", [this, range](double hertz) { set_start(within(hertz, range)); },
        [band] { return band().start; });
    add_number(
        ":VNA:FREQuency:STOP", [this, range](double hertz) { set_stop(within(hertz, range)); },
        [band] { return band().stop; });
    add_number(
        ":VNA:FREQuency:CENTer", [this, span](double hertz) { set_span(hertz, span()); }, centre);
    add_number(
        ":VNA:FREQuency:SPAN",
        [this, centre](double hertz) { set_span(centre(), std::max(hertz, 0.0)); }, span);
    add_number(
        ":VNA:STIMulus:LVL", [this](double dbm) { set_power(within(dbm, device.power)); },
        [this] { return settings().power; });
}

void LibreVna::add_acquisition_commands() {
    add_number(
        ":VNA:ACQuisition:IFBW",
        [this](double hertz) { set_bandwidth(within(hertz, device.bandwidth)); },
        [this] { return settings().bandwidth; });
    add_number(
        ":VNA:ACQuisition:POINTS",
        [this](double points) {
            set_points(whole_within(points, 2, static_cast<double>(device.points)));
        },
        [this] { return static_cast<double>(settings().band.points); });
    add_number(
        ":VNA:ACQuisition:AVG",
        [this](double count) {
            set_averages(whole_within(count, 1, most_averages));
            set_averaging(settings().averages > 1);
        },
        [this] { return static_cast<double>(settings().averages); });
    table().query(":VNA:ACQuisition:AVGLEVel", [this](Call& call) {
        const bool all = acquisition_ == Acquisition::ended ||
                         (acquisition_ == Acquisition::running && !sweeping());
        call.reply(std::to_string(all ? settings().averages : 0));
    });
    table().query(":VNA:ACQuisition:FINished",
                  [this](Call& call) { call.reply(text_of(finished())); });
    table().command(":VNA:ACQuisition:SINGLE", {1, 1}, [this](Call& call) {
        single_ = truth(call);
        if (single_ || acquisition_ == Acquisition::running) {
            run();
        }
    });
    table().query(":VNA:ACQuisition:SINGLE", [this](Call& call) { call.reply(text_of(single_)); });
    table().command(":VNA:ACQuisition:RUN", {}, [this](Call&) { run(); });
    table().query(":VNA:ACQuisition:RUN", [this](Call& call) {
        call.reply(text_of(acquisition_ == Acquisition::running));
    });
    table().command(":VNA:ACQuisition:STOP", {}, [this](Call&) { stop(); });
}

void LibreVna::run() {
    if (mode_ != vna) {
        return;
    }
    abort();
    acquisition_ = Acquisition::running;
    adc_overloaded_ = false;
    set_rf(true);
    if (single_) {
        initiate(settings().averages);
    } else {
        set_continuous(true);
    }
}

void LibreVna::stop() {
    abort();
    set_continuous(false);
    acquisition_ = Acquisition::stopped;
    set_rf(false);
}

void LibreVna::swept() {
    acquisition_ = Acquisition::ended;
    set_rf(false);
}

void LibreVna::resettled() {
    if (acquisition_ == Acquisition::ended) {
        run();
    }
}

/// A flag that was left over is seen once.
bool LibreVna::finished() {
    return std::exchange(left_over_, false) || acquisition_ == Acquisition::ended ||
           (acquisition_ == Acquisition::running && !sweeping());
}

void LibreVna::set_mode(std::size_t mode) {
    if (mode != mode_) {
        stop();
        mode_ = mode;
        set_rf(mode_ == generator && generator_port_ != 0);
    }
}

void LibreVna::add_trace_commands() {
    table().query(":VNA:TRACe:LIST",
                  [](Call& call) { call.reply(fmt::format("{}", fmt::join(parameters, ","))); });
    table().query(":VNA:TRACe:DATA", [this](Call& call) { call.reply(trace(call.text(0))); },
                  {1, 1});
}

/// "[frequency,real,imaginary],[...". A trace has a name or an index.
std::string LibreVna::trace(const std::string& name) {
    std::string parameter = name;
    if (name.size() == 1 && name[0] >= '0' && name[0] < '4') {
        parameter = parameters.at(static_cast<std::size_t>(name[0] - '0'));
    }
    if (!is_parameter(parameter)) {
        throw ScpiError(scpi_number::illegal_parameter, name);
    }
    const std::vector<std::complex<double>> values = data(parameter);
    std::vector<std::string> points;
    for (std::size_t i = 0; i < values.size(); ++i) {
        points.push_back(fmt::format("[{:g},{:g},{:g}]", settings().band.frequency(i),
                                     values[i].real(), values[i].imag()));
    }
    return fmt::format("{}", fmt::join(points, ","));
}

void LibreVna::add_calibration_commands() {
    table().query(":VNA:CALibration:ACTIVE",
                  [this](Call& call) { call.reply(settings().calibrated ? "SOLT_12" : "None"); });
    table().query(":VNA:CALibration:LOAD",
                  [this](Call& call) {
                      const bool there = has_file(call.text(0));
                      if (there) {
                          recall_calibration(call.text(0));
                      }
                      call.reply(text_of(there));
                  },
                  {1, 1});
    table().command(":VNA:CALibration:SAVE", {1, 1}, [this](Call& call) { store(call.text(0)); });
    table().command(":VNA:CALibration:RESET", {}, [this](Call&) { drop_calibration(); });
    table().command(":DEVice:SETUP:SAVE", {1, 1}, [this](Call& call) { store(call.text(0)); });
    table().query(":DEVice:SETUP:LOAD",
                  [this](Call& call) {
                      const bool there = has_file(call.text(0));
                      if (there) {
                          recall(call.text(0));
                          acquisition_ =
                              settings().rf ? Acquisition::running : Acquisition::stopped;
                      }
                      call.reply(text_of(there));
                  },
                  {1, 1});
}

void LibreVna::add_generator_commands() {
    table().command(":GENerator:PORT", {1, 1}, [this](Call& call) {
        generator_port_ = call.whole(0, 0, 2);
        if (mode_ == generator) {
            set_rf(generator_port_ != 0);
        }
    });
    table().query(":GENerator:PORT",
                  [this](Call& call) { call.reply(std::to_string(generator_port_)); });
}

} // namespace phyll::bench
