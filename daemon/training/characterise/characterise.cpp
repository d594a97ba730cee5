#include "daemon/training/characterise/characterise.hpp"

#include "daemon/training/characterise/comparison.hpp"
#include "daemon/training/characterise/linear_share.hpp"
#include "daemon/training/characterise/output_statistics.hpp"
#include "daemon/training/characterise/probes.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace phyll::training {
namespace {

constexpr std::size_t least_uniform = 1200;
constexpr std::size_t repeated = 8; // stimuli
constexpr std::size_t times_each = 16;
constexpr std::size_t changes = 8; // of stimulus, for settling
constexpr std::size_t settling_repeats = 8;

std::size_t uniform_samples(const LayerSpec& spec) {
    return std::max(least_uniform, 3 * (spec.n_in() + 1));
}

std::size_t sensitivity_places(const LayerSpec& spec) {
    return spec.n_in() <= 64 ? 4 : 1;
}

/// A bit has no half of its range: it is turned over.
float moved_by_half(float drive, unsigned levels) {
    return levels == 2 ? 1.0F - drive : rounded(drive < 0.5F ? drive + 0.5F : drive - 0.5F, levels);
}

/// The repeated stimuli, one after the other, `times` over.
OwnedBlock tiled(const OwnedBlock& x, std::size_t times) {
    OwnedBlock out(x.channels(), repeated * times);
    for (std::size_t i = 0; i < out.samples(); ++i) {
        std::ranges::copy(x.sample(i % repeated), out.sample(i).begin());
    }
    return out;
}

/// Stimulus 0 once, then each of the next again and again.
OwnedBlock stimuli_changed(const OwnedBlock& x) {
    OwnedBlock out(x.channels(), 1 + changes * settling_repeats);
    for (std::size_t i = 0; i < out.samples(); ++i) {
        const std::size_t stimulus = (i + settling_repeats - 1) / settling_repeats;
        std::ranges::copy(x.sample(stimulus), out.sample(i).begin());
    }
    return out;
}

/// Each input in turn moved, at each of the places.
OwnedBlock inputs_moved(const LayerSpec& spec, const OwnedBlock& x) {
    OwnedBlock out(x.channels(), sensitivity_places(spec) * x.channels());
    for (std::size_t i = 0; i < out.samples(); ++i) {
        const std::size_t input = i % x.channels();
        std::ranges::copy(x.sample(i / x.channels()), out.sample(i).begin());
        float& drive = out.sample(i)[input];
        drive = moved_by_half(drive, spec.inputs[input].levels);
    }
    return out;
}

class Characteriser {
  public:
    explicit Characteriser(const CharacteriseSite& site)
        : site_(site), of_queries_(characterise_queries(site.spec, site.seed)) {}

    v1::Characterisation run() {
        report_.set_kind(site_.spec.kind);
        report_.set_seed(site_.seed);
        report_.set_nominal_seconds_per_sample(site_.spec.seconds_per_sample);
        const OwnedBlock x = uniform_drives(site_.spec, uniform_samples(site_.spec), site_.seed);
        const OwnedBlock first = measure("repeats", tiled(x, times_each).view());
        const OwnedBlock settling = measure("settling", stimuli_changed(x).view());
        const OwnedBlock y = measure("uniform drives", x.view());
        const Repeats seen{.responses = first.view(), .stimuli = repeated, .times = times_each};
        outputs_ = output_statistics(y.view(), seen);
        report_outputs();
        report_linearity(x, y);
        const Shifts shifts(outputs_, seen);
        report_settling(shifts, settling);
        report_sensitivity(shifts, y, measure("sensitivity", inputs_moved(site_.spec, x).view()));
        report_products(x);
        report_drift(shifts, first, measure("drift", tiled(x, 1).view()));
        return std::move(report_);
    }

  private:
    OwnedBlock measure(const char* stage, ConstBlock stimuli) {
        v1::CharacteriseProgress progress;
        progress.set_stage(stage);
        progress.set_queries(queries_);
        progress.set_of_queries(of_queries_);
        site_.progress(progress);
        queries_ += stimuli.samples();
        return site_.measure(stimuli);
    }

    void report_outputs() {
        for (std::size_t k = 0; k < outputs_.size(); ++k) {
            v1::OutputQuality& output = *report_.add_outputs();
            output.set_name(site_.spec.outputs[k].name);
            output.set_mean(outputs_[k].mean);
            output.set_deviation(outputs_[k].deviation);
            output.set_dead(outputs_[k].dead);
            if (outputs_[k].noise > 0.0) {
                output.set_snr_db(outputs_[k].snr_db());
            }
        }
    }

    void report_linearity(const OwnedBlock& x, const OwnedBlock& y) {
        std::vector<double> noise;
        std::vector<bool> dead;
        for (const OutputStatistics& output : outputs_) {
            noise.push_back(output.noise);
            dead.push_back(output.dead);
        }
        const std::vector<double> shares = nonlinear_share(x.view(), y.view(), noise);
        double sum = 0.0;
        double live = 0.0;
        for (std::size_t k = 0; k < shares.size(); ++k) {
            report_.mutable_outputs(static_cast<int>(k))
                ->set_nonlinear_share(std::max(shares[k], 0.0));
            sum += dead[k] ? 0.0 : shares[k];
            live += dead[k] ? 0.0 : 1.0;
        }
        report_.set_nonlinear_share(live > 0.0 ? std::max(sum / live, 0.0) : 0.0);
        report_.set_effective_rank(effective_rank(y.view(), dead));
    }

    void report_settling(const Shifts& shifts, const OwnedBlock& y) {
        report_.set_settling(Shifts::root_mean(changes, [&](std::size_t change) {
            const std::size_t after = 1 + change * settling_repeats;
            return shifts.square(y.sample(after), y.sample(after + settling_repeats - 1));
        }));
        report_.set_settling_limit(shifts.limit(changes));
    }

    void report_drift(const Shifts& shifts, const OwnedBlock& start, const OwnedBlock& end) {
        report_.set_drift(Shifts::root_mean(repeated, [&](std::size_t s) {
            return shifts.square(start.sample(s), end.sample(s));
        }));
        report_.set_drift_limit(shifts.limit(repeated));
    }

    void report_sensitivity(const Shifts& shifts, const OwnedBlock& y, const OwnedBlock& moved) {
        const std::size_t inputs = site_.spec.n_in();
        const std::size_t places = sensitivity_places(site_.spec);
        for (std::size_t input = 0; input < inputs; ++input) {
            v1::InputQuality& quality = *report_.add_inputs();
            quality.set_name(site_.spec.inputs[input].name);
            quality.set_sensitivity(Shifts::root_mean(places, [&](std::size_t place) {
                return shifts.square(y.sample(place), moved.sample(place * inputs + input));
            }));
        }
        report_.set_sensitivity_limit(shifts.limit(places));
    }

    void report_products(const OwnedBlock& x) {
        if (site_.spec.n_in() < 2) {
            report_.set_verdict("with one input there are no products of inputs to look for");
            return;
        }
        std::vector<double> noise_share;
        for (const OutputStatistics& output : outputs_) {
            noise_share.push_back(output.noise_share());
        }
        *report_.mutable_exclusive_or() = compare_products(
            {.spec = site_.spec,
             .seed = site_.seed,
             .measure = [&](ConstBlock stimuli) { return measure("exclusive or", stimuli); },
             .uniform = x.view(),
             .noise_share = noise_share});
        report_.set_verdict(verdict_of(report_.exclusive_or()));
    }

    const CharacteriseSite& site_;
    std::uint64_t of_queries_;
    std::uint64_t queries_ = 0;
    v1::Characterisation report_;
    std::vector<OutputStatistics> outputs_;
};

} // namespace

std::uint64_t characterise_queries(const LayerSpec& spec, std::uint64_t seed) {
    return repeated * times_each + 1 + changes * settling_repeats + uniform_samples(spec) +
           sensitivity_places(spec) * spec.n_in() + comparison_queries(spec.n_in(), seed) +
           repeated;
}

v1::Characterisation characterise(const CharacteriseSite& site) {
    return Characteriser(site).run();
}

} // namespace phyll::training
