#include "drivers/rigs/electronic/encoding.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace phyll::rigs {
namespace {

/// An instant that is off a point by less of an interval is at the point.
constexpr double at_a_point = 0.02;

struct Place {
    std::size_t point; ///< the last one that is not after the instant, or the one that it is at
    double beyond;     ///< by how many intervals the instant is later
};

Place place_of(const instruments::Record& record, double instant) {
    const double position = (instant - record.start.count()) / record.interval.count();
    const double nearest_point = std::nearbyint(position);
    const double point =
        std::abs(position - nearest_point) < at_a_point ? nearest_point : std::floor(position);
    if (!(point >= 0) || point >= static_cast<double>(record.volts.size())) {
        throw Error(Code::data_loss,
                    fmt::format("a record of {} points from {:g} s on does not reach to {:g} s",
                                record.volts.size(), record.start.count(), instant));
    }
    const double beyond = position - point;
    return {.point = static_cast<std::size_t>(point),
            .beyond = std::abs(beyond) < at_a_point ? 0.0 : beyond};
}

} // namespace

double Encoding::marker_level() const noexcept {
    return std::abs(low) > std::abs(high) ? low : high;
}

Frame::Frame(const Encoding& encoding, std::size_t samples, bool follow)
    : encoding_(encoding), samples_(samples), follow_(follow) {}

std::size_t Frame::first_hold(std::size_t sample) const noexcept {
    const std::size_t rests = follow_ ? 1 : sample + 1;
    return Encoding::marker_holds + rests * encoding_.rest_holds + sample * encoding_.dac_samples;
}

std::size_t Frame::holds() const noexcept {
    const std::size_t end =
        samples_ == 0 ? Encoding::marker_holds : first_hold(samples_ - 1) + encoding_.dac_samples;
    return end + 1;
}

double Frame::duration() const noexcept {
    return static_cast<double>(holds()) * encoding_.hold_time;
}

bool Frame::marker_bit(std::size_t hold, std::uint16_t count) const noexcept {
    if (hold <= 1) {
        return hold == 1;
    }
    const std::size_t bit = hold - 2;
    if (bit < Encoding::count_bits) {
        return ((count >> (Encoding::count_bits - 1 - bit)) & 1U) != 0;
    }
    return std::popcount(count) % 2 == 1;
}

std::vector<double> Frame::waveform(ConstBlock x, std::uint16_t count,
                                    const OutputCorrection& correction) const {
    std::vector<double> points(holds(), correction.told(0.0));
    for (std::size_t hold = 0; hold < Encoding::marker_holds; ++hold) {
        if (marker_bit(hold, count)) {
            points[hold] = correction.told(encoding_.marker_level());
        }
    }
    for (std::size_t sample = 0; sample < samples_; ++sample) {
        std::ranges::transform(
            x.sample(sample), points.begin() + static_cast<std::ptrdiff_t>(first_hold(sample)),
            [&](float drive) { return correction.told(encoding_.volts(drive)); });
    }
    return points;
}

instruments::DigitiserSetup Frame::record(double latency) const {
    instruments::DigitiserSetup setup;
    setup.sample_rate = static_cast<double>(encoding_.points_per_hold) / encoding_.hold_time;
    setup.points = (holds() - 2) * encoding_.points_per_hold + 1;
    setup.start = Seconds(end_of(0, latency));
    return setup;
}

double Frame::middle_of(std::size_t hold, double latency) const noexcept {
    return latency + (static_cast<double>(hold) + 0.5) * encoding_.hold_time;
}

double Frame::end_of(std::size_t hold, double latency) const noexcept {
    return latency + (static_cast<double>(hold) + 1.0) * encoding_.hold_time;
}

std::optional<std::string> Frame::objection(const instruments::Record& monitor, ConstBlock x,
                                            std::uint16_t count, double latency,
                                            double tolerance) const {
    const double level = encoding_.marker_level();
    unsigned seen = 0;
    for (std::size_t hold = 1; hold < Encoding::marker_holds; ++hold) {
        const double share = nearest(monitor, middle_of(hold, latency)) / level;
        seen = 2 * seen + (share > 0.5 ? 1 : 0);
    }
    const bool parity = (seen & 1U) != 0;
    const auto counted = static_cast<std::uint16_t>((seen >> 1U) & 0xFFFFU);
    const bool started = (seen >> (Encoding::count_bits + 1U)) == 1;
    if (!started || parity != (std::popcount(counted) % 2 == 1)) {
        return "it carries no count";
    }
    if (counted != count) {
        return fmt::format("it carries the count {}, and {} was played", counted, count);
    }
    const double most = tolerance * (encoding_.high - encoding_.low);
    for (std::size_t sample = 0; sample < samples_; ++sample) {
        for (std::size_t i = 0; i < encoding_.dac_samples; ++i) {
            const double wanted = encoding_.volts(x.sample(sample)[i]);
            const double found = nearest(monitor, middle_of(first_hold(sample) + i, latency));
            if (!(std::abs(found - wanted) <= most)) {
                return fmt::format("the generator gave {:.4g} V for DAC sample {} of sample {}, "
                                   "which is {:.4g} V",
                                   found, i + 1, sample, wanted);
            }
        }
    }
    return std::nullopt;
}

double nearest(const instruments::Record& record, double instant) {
    const Place place = place_of(record, instant);
    const bool next = place.beyond > 0.5 && place.point + 1 < record.volts.size();
    return record.volts[place.point + (next ? 1 : 0)];
}

double just_before(const instruments::Record& record, double instant) {
    const Place place = place_of(record, instant);
    const double last = record.volts[place.point];
    if (place.beyond == 0.0 || place.point < 2) {
        return last;
    }
    const double before = record.volts[place.point - 1];
    const double first = record.volts[place.point - 2];
    const double s = place.beyond;
    return last + s * (last - before) + 0.5 * s * (s + 1) * (last - 2 * before + first);
}

} // namespace phyll::rigs
