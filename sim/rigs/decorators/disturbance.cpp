#include "sim/rigs/decorators/disturbance.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/query_part.hpp"
#include "drivers/core/random.hpp"
#include "drivers/core/require.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace phyll::sim {
namespace {

constexpr double steps_per_drift_time = 256.0;
constexpr double drift_unit = 0.05; // the perturbation whose amount is the unit of drift
constexpr double tolerance = 1e-4;
constexpr int most_refinements = 100;

std::vector<double> direction_of(std::uint64_t seed, std::size_t parameters) {
    const KeyedRandom random(seed, "perturb");
    std::vector<double> direction(parameters);
    for (std::size_t i = 0; i < parameters; ++i) {
        direction[i] = random.normal(i);
    }
    return direction;
}

void check_fraction(double f) {
    if (std::isnan(f) || f < 0.0 || f >= 1.0) {
        throw invalid_field("perturb", fmt::format("{}; valid is 0 to less than 1", f));
    }
}

/// Decorrelation along a ray of displacements, and the search for where it first crosses f.
class Search {
  public:
    Search(SimulatedRig& rig, const Probe& probe, double f, std::uint64_t seed)
        : rig_(rig), probe_(probe), f_(f), direction_(direction_of(seed, rig.parameters())) {}

    Perturbation run() {
        Perturbation below;
        const Perturbation above = scan(below);
        return refine(below, above);
    }

  private:
    static double decorrelation(const Perturbation& p) { return 1.0 - p.shift.correlation; }
    [[nodiscard]] bool crossed(const Perturbation& p) const { return decorrelation(p) >= f_; }

    Perturbation at(double amount) {
        std::vector<double> offsets = direction_;
        for (double& offset : offsets) {
            offset *= amount;
        }
        rig_.displace(offsets);
        return {.amount = amount, .shift = probe_.shift_of(rig_)};
    }

    /// Walks outwards until the correlation has fallen far enough. It does not fall monotonely, so
    /// the strides are kept short where it is close.
    Perturbation scan(Perturbation& below) {
        const double largest = rig_.reach().largest;
        double most = 0.0;
        for (double amount = std::min(largest, rig_.first_guess(f_));;) {
            const Perturbation here = at(amount);
            if (crossed(here)) {
                return here;
            }
            most = std::max(most, decorrelation(here));
            if (amount >= largest) {
                // Rounded down, so that what the message offers can be asked for.
                throw Error(Code::failed_precondition,
                            fmt::format("perturb {} cannot be reached on this device: the largest "
                                        "that can is {:.3f}",
                                        f_, std::floor(most * 1000) / 1000));
            }
            below = here;
            const double guess = 1.02 * std::sqrt(f_ / std::max(decorrelation(here), 1e-12));
            amount = std::min(largest, amount * std::clamp(guess, 1.02, 1.4));
        }
    }

    /// False position in the square root of the decorrelation, which is nearly a straight line,
    /// every third step a bisection.
    Perturbation refine(Perturbation below, Perturbation above) {
        const auto height = [&](const Perturbation& p) {
            return std::sqrt(std::max(decorrelation(p), 0.0)) - std::sqrt(f_);
        };
        for (int i = 1; i <= most_refinements && decorrelation(above) - f_ > tolerance; ++i) {
            const double share = i % 3 == 0 ? 0.5 : height(below) / (height(below) - height(above));
            const Perturbation middle = at(below.amount + share * (above.amount - below.amount));
            if (std::abs(decorrelation(middle) - f_) <= tolerance) {
                return middle;
            }
            (crossed(middle) ? above : below) = middle;
        }
        return above;
    }

    SimulatedRig& rig_;
    const Probe& probe_;
    double f_;
    std::vector<double> direction_;
};

} // namespace

Perturbation find_perturbation(SimulatedRig& nominal, const Probe& probe, double f,
                               std::uint64_t seed) {
    check_fraction(f);
    return f == 0.0 ? Perturbation{} : Search(nominal, probe, f, seed).run();
}

Disturbance::Disturbance(std::unique_ptr<SimulatedRig> nominal, double perturb,
                         double drift_samples, std::uint64_t seed)
    : Decorator(std::move(nominal)),
      rig_(dynamic_cast<SimulatedRig&>(inner())),
      spec_(rig_.spec()),
      drift_samples_(drift_samples),
      seed_(seed),
      direction_(direction_of(seed, rig_.parameters())),
      first_fraction_(perturb),
      fraction_(perturb) {
    require_not_negative("drift_samples", drift_samples);
    for (std::size_t i = 0; i < rig_.parameters(); ++i) {
        walks_.emplace_back(seed, i);
    }
    perturbation_ = find(perturb);
    if (drift_samples > 0.0) {
        drift_amount_ = find(drift_unit).amount;
    }
    if (perturb > 0.0) {
        std::ranges::move(describe(), std::back_inserter(spec_.notes));
    }
}

Health Disturbance::health() const {
    Health health = Decorator::health();
    if (health.state == Health::State::ready && !remark_.empty()) {
        health.reason += (health.reason.empty() ? "" : "; ") + remark_;
    }
    return health;
}

double Disturbance::perturb(double fraction) {
    perturbation_ = find(fraction);
    fraction_ = fraction;
    step_.reset();
    if (fraction == first_fraction_) {
        remark_.clear(); // the notes say it
    } else if (fraction == 0.0) {
        remark_ =
            fmt::format("not perturbed for now, though made with perturb = {:g}", first_fraction_);
    } else {
        remark_ = fmt::format("{}", fmt::join(describe(), "; "));
    }
    return perturbation_.amount;
}

Perturbation Disturbance::find(double fraction) {
    check_fraction(fraction); // before it is looked up: no number is not equal to itself
    if (fraction == 0.0) {
        return {};
    }
    if (const auto known = found_.find(fraction); known != found_.end()) {
        return known->second;
    }
    if (!probe_) {
        rig_.displace(std::vector<double>(direction_.size()));
        probe_.emplace(rig_);
    }
    step_.reset(); // wherever the search ends
    const Perturbation found = find_perturbation(rig_, *probe_, fraction, seed_);
    found_.emplace(fraction, found);
    return found;
}

std::vector<std::string> Disturbance::describe() {
    std::vector<std::string> lines{fmt::format(
        "perturbed by {:g}: displaced by {:.4g} of the rig's own steps; responses correlate with "
        "the "
        "nominal device's by {:.3f}, and their means are off by {:.2f} standard deviations",
        fraction_, perturbation_.amount, perturbation_.shift.correlation,
        perturbation_.shift.mean)};
    step_ = 0;
    rig_.displace(offsets_in_step(0));
    std::ranges::move(rig_.notes_on_displacement(), std::back_inserter(lines));
    return lines;
}

void Disturbance::query(ConstBlock x, Block y, const QueryContext& context) {
    std::size_t first = 0;
    while (first < x.samples()) {
        const std::uint64_t step = step_of(context.age + first);
        const std::size_t end = end_of_step(context.age, first, x.samples());
        if (step_ != step) {
            rig_.displace(offsets_in_step(step));
            step_ = step;
        }
        const std::size_t count = end - first;
        rig_.query(x.slice(first, count), y.slice(first, count),
                   QueryPart(context, first, count).context());
        first = end;
    }
}

std::size_t Disturbance::end_of_step(std::uint64_t age, std::size_t first,
                                     std::size_t samples) const {
    if (drift_samples_ == 0.0) {
        return samples;
    }
    const std::uint64_t step = step_of(age + first);
    std::size_t end = first + 1;
    while (end < samples && step_of(age + end) == step) {
        ++end;
    }
    return end;
}

std::vector<double> Disturbance::offsets(std::uint64_t age) const {
    return offsets_in_step(step_of(age));
}

std::uint64_t Disturbance::step_of(std::uint64_t age) const {
    if (drift_samples_ == 0.0) {
        return 0;
    }
    return static_cast<std::uint64_t>(static_cast<double>(age) *
                                      (steps_per_drift_time / drift_samples_));
}

std::vector<double> Disturbance::offsets_in_step(std::uint64_t step) const {
    const double t = static_cast<double>(step) / steps_per_drift_time;
    std::vector<double> offsets(direction_.size());
    for (std::size_t i = 0; i < offsets.size(); ++i) {
        offsets[i] = perturbation_.amount * direction_[i] + drift_amount_ * walks_[i].at(t);
    }
    return offsets;
}

} // namespace phyll::sim
