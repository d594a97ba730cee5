#include "drivers/rigs/electronic/calibrating.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

namespace phyll::rigs {
namespace {

/// Narrowing: points of a window, the share of a hold that the first one spans, intervals of one
/// that the next spans, and the share of a hold that is fine enough.
constexpr std::size_t window_points = 200;
constexpr double first_window = 0.9;
constexpr double next_window = 8;
constexpr double fine = 2e-5;

/// The drives of the levels walk through the range in steps that no short cycle repeats.
constexpr double golden = 0.6180339887498949;
constexpr std::size_t level_samples = 4;
/// An output that is further from what it is told than this share of the range is no matter of
/// calibration.
constexpr double level_tolerance = 0.2;

constexpr double margin = 1.25;
constexpr std::size_t rest_factor = 2;

class Calibrating {
  public:
    Calibrating(Player& player, const CalibrationBench& bench, const Patience& patience)
        : player_(player), bench_(bench), patience_(patience) {}

    ElectronicCalibration run() {
        found_.latency = bench_.expected_latency;
        measure_latency();
        measure_levels();
        measure_rest();
        return found_;
    }

  private:
    void upload(const Frame& frame, ConstBlock x, std::uint16_t count);
    instruments::Record play(const Frame& frame, ConstBlock x,
                             const std::vector<instruments::DigitiserChannel>& channels);
    void measure_latency();
    /// The instant of the marker's rise, and how closely that is known.
    std::pair<double, double> rise(const instruments::Record& record) const;
    void measure_levels();
    void measure_rest();
    /// Holds that a channel takes to come to rest, of so many from the first on.
    std::size_t settled_after(const Frame& frame, const instruments::Record& record,
                              std::size_t first_hold, std::size_t holds) const;

    Player& player_;
    const CalibrationBench& bench_;
    const Patience& patience_;
    ElectronicCalibration found_;
};

void Calibrating::upload(const Frame& frame, ConstBlock x, std::uint16_t count) {
    player_.begin_upload(frame.waveform(x, count, found_.correction), patience_);
    player_.finish_upload(patience_);
}

instruments::Record Calibrating::play(const Frame& frame, ConstBlock x,
                                      const std::vector<instruments::DigitiserChannel>& channels) {
    const std::uint16_t count = player_.next_count();
    upload(frame, x, count);
    instruments::DigitiserSetup setup = frame.record(found_.latency);
    setup.channels = channels;
    return player_.play(
        setup, frame.duration(),
        [&](const instruments::Record& record) {
            return frame.objection(record, x, count, found_.latency, level_tolerance);
        },
        patience_);
}

std::pair<double, double> Calibrating::rise(const instruments::Record& record) const {
    const double half = bench_.encoding.marker_level() / 2;
    const auto is_up = [half](double v) { return half > 0 ? v > half : v < half; };
    const auto up = std::ranges::find_if(record.volts, is_up);
    if (up == record.volts.begin() || up == record.volts.end()) {
        throw Error(Code::unavailable,
                    fmt::format("latency: the beginning of the waveform is not where channel {} of "
                                "the digitiser should see it, {:g} s after the trigger; check the "
                                "wiring of the generator's output and of the trigger",
                                bench_.monitor.number, bench_.expected_latency));
    }
    const double interval = record.interval.count();
    return {record.start.count() +
                (static_cast<double>(up - record.volts.begin()) - 0.5) * interval,
            interval};
}

void Calibrating::measure_latency() {
    const Frame frame(bench_.encoding, 0, false);
    upload(frame, {}, player_.next_count());
    const double hold = bench_.encoding.hold_time;
    double window = first_window * hold;
    double at = frame.end_of(0, found_.latency);
    for (double interval = hold; interval > fine * hold;) {
        instruments::DigitiserSetup setup;
        setup.channels = {bench_.monitor};
        setup.sample_rate = static_cast<double>(window_points) / window;
        setup.points = window_points;
        setup.start = Seconds(at - window / 2);
        std::tie(at, interval) = rise(player_.play(
            setup, frame.duration(),
            [](const instruments::Record&) { return std::optional<std::string>(); }, patience_));
        window = next_window * interval;
    }
    found_.latency = at - hold;
}

void Calibrating::measure_levels() {
    const Encoding& encoding = bench_.encoding;
    const Frame frame(encoding, level_samples, false);
    OwnedBlock x(encoding.dac_samples, level_samples);
    for (std::size_t i = 0; i < x.view().values().size(); ++i) {
        x.view().values()[i] = static_cast<float>(std::fmod(static_cast<double>(i) * golden, 1.0));
    }
    const instruments::Record record = play(frame, std::as_const(x).view(), {bench_.monitor});
    double n = 0;
    double mean_told = 0;
    double mean_found = 0;
    double told_squares = 0;
    double products = 0;
    for (std::size_t sample = 0; sample < level_samples; ++sample) {
        for (std::size_t i = 0; i < encoding.dac_samples; ++i) {
            const double told = encoding.volts(x.sample(sample)[i]);
            const double found =
                nearest(record, frame.middle_of(frame.first_hold(sample) + i, found_.latency));
            n += 1; // Welford's updates of means and moments
            const double off_told = told - mean_told;
            mean_told += off_told / n;
            mean_found += (found - mean_found) / n;
            told_squares += off_told * (told - mean_told);
            products += off_told * (found - mean_found);
        }
    }
    found_.correction.scale = products / told_squares;
    found_.correction.offset = mean_found - found_.correction.scale * mean_told;
}

std::size_t Calibrating::settled_after(const Frame& frame, const instruments::Record& record,
                                       std::size_t first_hold, std::size_t holds) const {
    std::vector<double> v(holds);
    for (std::size_t k = 0; k < holds; ++k) {
        v[k] = nearest(record, frame.middle_of(first_hold + k, found_.latency));
    }
    const std::size_t tail = std::max<std::size_t>(1, holds / 5);
    double mean = 0;
    double squares = 0;
    for (std::size_t k = holds - tail; k < holds; ++k) {
        mean += v[k] / static_cast<double>(tail);
    }
    for (std::size_t k = holds - tail; k < holds; ++k) {
        squares += (v[k] - mean) * (v[k] - mean) / static_cast<double>(tail);
    }
    const double near = std::max(1.01 * record.resolution, 3 * std::sqrt(squares));
    std::size_t settled = holds;
    while (settled > 0 && std::abs(v[settled - 1] - mean) <= near) {
        --settled;
    }
    if (settled > holds - tail) {
        throw Error(Code::unavailable,
                    fmt::format("rest: the circuit has not settled {:g} s after a sample; give "
                                "the rig a longer rest_time",
                                static_cast<double>(holds) * bench_.encoding.hold_time));
    }
    return settled;
}

void Calibrating::measure_rest() {
    Encoding encoding = bench_.encoding;
    encoding.rest_holds = std::max<std::size_t>(rest_factor * encoding.rest_holds, 10);
    const Frame frame(encoding, 2, false);
    std::vector<instruments::DigitiserChannel> channels = bench_.channels;
    channels.push_back(bench_.monitor);
    std::size_t holds = 0;
    for (const float drive : {0.0F, 1.0F}) {
        OwnedBlock x(encoding.dac_samples, 2);
        std::ranges::fill(x.view().values(), drive);
        static_cast<void>(play(frame, std::as_const(x).view(), channels));
        for (const instruments::DigitiserChannel& channel : bench_.channels) {
            const instruments::Record record = player_.read(channel.number, patience_);
            holds = std::max(holds, settled_after(frame, record,
                                                  frame.first_hold(0) + encoding.dac_samples,
                                                  encoding.rest_holds));
        }
    }
    found_.rest_time = std::ceil(margin * static_cast<double>(holds) + 1) * encoding.hold_time;
}

} // namespace

ElectronicCalibration calibrate(Player& player, const CalibrationBench& bench,
                                const Patience& patience) {
    return Calibrating(player, bench, patience).run();
}

} // namespace phyll::rigs
