#include "drivers/rigs/microwave/calibrating.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phyll::rigs {
namespace {

using instruments::SweepValues;

constexpr int repeats = 8;
/// What a float and a converter may be off by, against the response.
constexpr double least_noise = 1e-6;
/// Differences up to so many times the noise are noise.
constexpr double noise_room = 3.0;
/// What is left of a change of all meta-atoms when it counts as settled, beside noise.
constexpr double settled_share = 1e-3;
/// Waits that are tried, as powers of 2 of the settle time that is expected; longer ones are not.
constexpr int shortest_wait = -6;
constexpr int longest_wait = 2;
/// Of which the wait that was found is made a little longer.
constexpr double settle_room = 1.25;
/// What is expected where nothing is, in s.
constexpr double least_settle = 1e-3;
/// An atom is dead that changes less than so many times the noise.
constexpr double dead_room = 4.0;

class Calibrating {
  public:
    Calibrating(Sweeper& sweeper, const MicrowaveSettings& settings, const Patience& patience)
        : sweeper_(sweeper),
          settings_(settings),
          patience_(patience),
          expected_(std::max(settings.settle_time, least_settle)),
          off_(settings.atoms, 0),
          on_(settings.atoms, 1) {}

    [[nodiscard]] MicrowaveCalibration all() {
        MicrowaveCalibration found;
        measure_reference(found);
        found.settle_time = settle_time(found);
        measure_effects(found);
        return found;
    }

  private:
    [[nodiscard]] SweepValues settled(const Pattern& pattern) {
        return after(pattern, std::ldexp(expected_, longest_wait));
    }
    [[nodiscard]] SweepValues after(const Pattern& pattern, double wait) {
        sweeper_.show(pattern, patience_);
        return sweeper_.measure(Seconds(wait), Seconds(settings_.sweep_time()), patience_);
    }

    void measure_reference(MicrowaveCalibration& found) {
        std::vector<SweepValues> sweeps;
        for (int i = 0; i < repeats; ++i) {
            sweeps.push_back(settled(off_));
        }
        found.reference.assign(sweeps.front().size(), {});
        for (const SweepValues& sweep : sweeps) {
            for (std::size_t k = 0; k < sweep.size(); ++k) {
                found.reference[k] += sweep[k] / static_cast<float>(repeats);
            }
        }
        double squares = 0.0;
        for (const SweepValues& sweep : sweeps) {
            squares += std::pow(difference(found.reference, sweep), 2);
        }
        found.noise = std::max(std::sqrt(squares / (repeats - 1)), least_noise);
        if (!(found.noise < 0.5)) {
            throw Error(Code::unavailable,
                        fmt::format("S21 is hardly there: of one sweep to the next {:.0f} % of it "
                                    "changes; more power, a smaller if_bandwidth or another cable "
                                    "may help",
                                    100 * found.noise));
        }
    }

    /// Whether a sweep so long after the switch is as if there had been none.
    [[nodiscard]] bool is_settled(const Pattern& from, const Pattern& to, const SweepValues& end,
                                  double allowed, double wait) {
        static_cast<void>(settled(from));
        return difference(end, after(to, wait)) <= allowed;
    }

    [[nodiscard]] double settle_time(const MicrowaveCalibration& found) {
        const SweepValues lit = settled(on_);
        const double step = difference(found.reference, lit);
        const double allowed = noise_room * found.noise + settled_share * step;
        // From the longest wait down, as long as nothing is left of the pattern before.
        for (int power = longest_wait - 1; power >= shortest_wait; --power) {
            const double wait = std::ldexp(expected_, power);
            if (!is_settled(off_, on_, lit, allowed, wait) ||
                !is_settled(on_, off_, found.reference, allowed, wait)) {
                return within_reach(2 * wait);
            }
        }
        const bool at_once = is_settled(off_, on_, lit, allowed, 0.0) &&
                             is_settled(on_, off_, found.reference, allowed, 0.0);
        return at_once ? 0.0 : settle_room * std::ldexp(expected_, shortest_wait);
    }

    [[nodiscard]] double within_reach(double wait) const {
        if (wait >= std::ldexp(expected_, longest_wait)) {
            throw Error(
                Code::unavailable,
                fmt::format("{:g} s after all meta-atoms were switched S21 still changes; a "
                            "larger settle_time has it waited for",
                            wait / 2));
        }
        return settle_room * wait;
    }

    void measure_effects(MicrowaveCalibration& found) {
        for (std::size_t k = 0; k < settings_.atoms; ++k) {
            Pattern one = off_;
            one[k] = 1;
            found.effects.push_back(difference(found.reference, after(one, found.settle_time)));
        }
        if (found.dead().size() == settings_.atoms) {
            throw Error(Code::unavailable,
                        "no meta-atom changes S21 by more than noise; is the metasurface powered, "
                        "and in the cavity between the analyser's ports?");
        }
    }

    Sweeper& sweeper_;
    const MicrowaveSettings& settings_;
    const Patience& patience_;
    const double expected_;
    const Pattern off_;
    const Pattern on_;
};

} // namespace

std::vector<std::size_t> MicrowaveCalibration::dead() const {
    std::vector<std::size_t> atoms;
    for (std::size_t k = 0; k < effects.size(); ++k) {
        if (effects[k] <= dead_room * noise) {
            atoms.push_back(k + 1);
        }
    }
    return atoms;
}

double difference(const SweepValues& a, const SweepValues& b) {
    double changed = 0.0;
    double all = 0.0;
    for (std::size_t k = 0; k < a.size() && k < b.size(); ++k) {
        changed += std::norm(std::complex<double>(a[k]) - std::complex<double>(b[k]));
        all += std::norm(std::complex<double>(a[k]));
    }
    return std::sqrt(changed / all);
}

MicrowaveCalibration calibrate(Sweeper& sweeper, const MicrowaveSettings& settings,
                               const Patience& patience) {
    return Calibrating(sweeper, settings, patience).all();
}

} // namespace phyll::rigs
