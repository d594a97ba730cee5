#include "daemon/training/characterise/characterise.hpp"

#include "daemon/training/characterise/linear_share.hpp"
#include "daemon/training/characterise/probes.hpp"
#include "daemon/training/random_features.hpp"
#include "daemon/training/read_out.hpp"
#include "daemon/training/statistics.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

namespace phyll::training {
namespace {

constexpr std::size_t least_uniform = 1200;
constexpr std::size_t repeated = 8; // stimuli
constexpr std::size_t repeats = 16; // of each
constexpr std::size_t settling_repeats = 8;
constexpr std::size_t pairs_of_a_sort = 5;
constexpr std::size_t pair_samples = 200;
constexpr double probe_noise = 0.005;
/// An output is dead when its deviation is below this share of the root mean square of all, or when
/// more than half of its variance is noise.
constexpr double dead_share = 0.01;

std::size_t uniform_samples(const LayerSpec& spec) {
    return std::max(least_uniform, 3 * (spec.n_in() + 1));
}

std::size_t sensitivity_places(const LayerSpec& spec) {
    return spec.n_in() <= 64 ? 4 : 1;
}

struct Pair {
    std::size_t first;
    std::size_t second;
};

/// Pairs of inputs, as many of each sort as a rig of few inputs has.
std::vector<Pair> random_pairs(std::size_t inputs, std::uint64_t seed) {
    const KeyedRandom random(seed, "random pairs");
    std::vector<Pair> pairs;
    std::set<std::pair<std::size_t, std::size_t>> drawn;
    const std::size_t most = std::min(pairs_of_a_sort, inputs * (inputs - 1) / 2);
    for (std::uint64_t draw = 0; pairs.size() < most; ++draw) {
        const std::size_t a = random.below(inputs, draw, 0);
        const std::size_t b = (a + 1 + random.below(inputs - 1, draw, 1)) % inputs;
        if (drawn.insert(std::minmax(a, b)).second) {
            pairs.push_back({a, b});
        }
    }
    return pairs;
}

std::vector<Pair> adjacent_pairs(std::size_t inputs) {
    std::vector<Pair> pairs;
    const std::size_t most = std::min(pairs_of_a_sort, inputs - 1);
    for (std::size_t p = 0; p < most; ++p) {
        const std::size_t first = most == 1 ? 0 : p * (inputs - 2) / (most - 1);
        pairs.push_back({first, first + 1});
    }
    return pairs;
}

/// Share of the test half that a ridge read-out of the training half gets right.
double read_out_accuracy(ConstBlock features, const std::vector<std::uint32_t>& labels,
                         std::uint64_t seed) {
    const std::size_t half = features.samples() / 2;
    const std::span<const std::uint32_t> all(labels);
    const ReadOut read_out = fit_read_out(features.slice(0, half), all.first(half), 2,
                                          {.kind = ReadOutKind::ridge, .seed = seed});
    return static_cast<double>(read_out.count_hits(features.slice(half, half), all.last(half))) /
           static_cast<double>(half);
}

/// Adds normal noise of 0.5 % of the root mean square of all responses.
void add_probe_noise(Block responses, std::uint64_t seed) {
    double square = 0.0;
    for (const float value : responses.values()) {
        square += static_cast<double>(value) * static_cast<double>(value);
    }
    const double deviation =
        probe_noise * std::sqrt(square / static_cast<double>(responses.size()));
    const KeyedRandom random(seed, "probe noise");
    for (std::size_t i = 0; i < responses.size(); ++i) {
        float& value = responses.values()[i];
        value = static_cast<float>(static_cast<double>(value) + deviation * random.normal(i));
    }
}

/// A bit has no half of its range: it is turned over.
float moved_by_half(float drive, unsigned levels) {
    return levels == 2 ? 1.0F - drive : rounded(drive < 0.5F ? drive + 0.5F : drive - 0.5F, levels);
}

class Characteriser {
  public:
    explicit Characteriser(const CharacteriseSite& site)
        : site_(site), of_queries_(characterise_queries(site.spec)) {}

    v1::Characterisation run() {
        report_.set_kind(site_.spec.kind);
        report_.set_seed(site_.seed);
        report_.set_nominal_seconds_per_sample(site_.spec.seconds_per_sample);
        const OwnedBlock x = uniform_drives(site_.spec, uniform_samples(site_.spec), site_.seed);
        const OwnedBlock first = measure("repeats", tiled(x, repeats).view());
        const OwnedBlock settling = measure("settling", after_change(x).view());
        const OwnedBlock y = measure("uniform drives", x.view());
        measure_outputs(y, first);
        measure_settling(settling);
        measure_linearity(x, y);
        measure_sensitivity(x, y);
        measure_exclusive_or();
        measure_drift(first, measure("drift", tiled(x, 1).view()));
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

    /// The repeated stimuli, one after the other, `times` over.
    [[nodiscard]] static OwnedBlock tiled(const OwnedBlock& x, std::size_t times) {
        OwnedBlock out(x.channels(), repeated * times);
        for (std::size_t i = 0; i < out.samples(); ++i) {
            std::ranges::copy(x.sample(i % repeated), out.sample(i).begin());
        }
        return out;
    }

    /// Stimulus 0, then stimulus 1 again and again.
    [[nodiscard]] static OwnedBlock after_change(const OwnedBlock& x) {
        OwnedBlock out(x.channels(), 1 + settling_repeats);
        for (std::size_t i = 0; i < out.samples(); ++i) {
            std::ranges::copy(x.sample(i == 0 ? 0 : 1), out.sample(i).begin());
        }
        return out;
    }

    void measure_outputs(const OwnedBlock& y, const OwnedBlock& repeats_of) {
        double square = 0.0;
        for (std::size_t k = 0; k < y.channels(); ++k) {
            const Moments m = moments(y.samples(), [&](std::size_t i) { return y.sample(i)[k]; });
            deviation_.push_back(m.deviation);
            square += m.deviation * m.deviation;
            noise_.push_back(noise_of(repeats_of, k));
            v1::OutputQuality& output = *report_.add_outputs();
            output.set_name(site_.spec.outputs[k].name);
            output.set_mean(m.mean);
            output.set_deviation(m.deviation);
            if (noise_[k] > 0.0) {
                output.set_snr_db(20.0 * std::log10(std::max(m.deviation, 1e-300) / noise_[k]));
            }
        }
        const double rms = std::sqrt(square / static_cast<double>(y.channels()));
        for (std::size_t k = 0; k < y.channels(); ++k) {
            dead_.push_back(deviation_[k] <= dead_share * rms ||
                            deviation_[k] * deviation_[k] <= 2.0 * noise_[k] * noise_[k]);
            report_.mutable_outputs(static_cast<int>(k))->set_dead(dead_[k]);
        }
    }

    /// Standard deviation of an output over repeats of one stimulus, pooled over stimuli.
    [[nodiscard]] static double noise_of(const OwnedBlock& y, std::size_t output) {
        double square = 0.0;
        for (std::size_t s = 0; s < repeated; ++s) {
            const Moments m =
                moments(repeats, [&](std::size_t r) { return y.sample(r * repeated + s)[output]; });
            square += m.deviation * m.deviation * repeats / (repeats - 1.0);
        }
        return std::sqrt(square / repeated);
    }

    /// Root mean square over live outputs of the difference of two responses, in deviations of the
    /// outputs; the part that their noise explains is taken off.
    template <class Difference>
    [[nodiscard]] double shift(Difference&& difference) const {
        double square = 0.0;
        double count = 0.0;
        for (std::size_t k = 0; k < dead_.size(); ++k) {
            if (!dead_[k]) {
                const auto [d, noise_variance] = difference(k);
                square += (d * d - noise_variance) / (deviation_[k] * deviation_[k]);
                count += 1.0;
            }
        }
        return count > 0.0 ? std::sqrt(std::max(square / count, 0.0)) : 0.0;
    }

    void measure_settling(const OwnedBlock& y) {
        report_.set_settling(shift([&](std::size_t k) {
            const double d = static_cast<double>(y.sample(1)[k]) -
                             static_cast<double>(y.sample(settling_repeats)[k]);
            return std::pair(d, 2.0 * noise_[k] * noise_[k]);
        }));
    }

    void measure_drift(const OwnedBlock& start, const OwnedBlock& end) {
        double square = 0.0;
        for (std::size_t s = 0; s < repeated; ++s) {
            const double moved = shift([&](std::size_t k) {
                const double d =
                    static_cast<double>(end.sample(s)[k]) - static_cast<double>(start.sample(s)[k]);
                return std::pair(d, 2.0 * noise_[k] * noise_[k]);
            });
            square += moved * moved / repeated;
        }
        report_.set_drift(std::sqrt(square));
    }

    void measure_linearity(const OwnedBlock& x, const OwnedBlock& y) {
        const std::vector<double> shares = nonlinear_share(x.view(), y.view());
        double sum = 0.0;
        double live = 0.0;
        for (std::size_t k = 0; k < shares.size(); ++k) {
            report_.mutable_outputs(static_cast<int>(k))->set_nonlinear_share(shares[k]);
            sum += dead_[k] ? 0.0 : shares[k];
            live += dead_[k] ? 0.0 : 1.0;
        }
        report_.set_nonlinear_share(live > 0.0 ? sum / live : 0.0);
        report_.set_effective_rank(effective_rank(y.view(), dead_));
    }

    void measure_sensitivity(const OwnedBlock& x, const OwnedBlock& y) {
        const std::size_t places = sensitivity_places(site_.spec);
        OwnedBlock moved(x.channels(), places * x.channels());
        for (std::size_t i = 0; i < moved.samples(); ++i) {
            const std::size_t input = i % x.channels();
            std::ranges::copy(x.sample(i / x.channels()), moved.sample(i).begin());
            float& drive = moved.sample(i)[input];
            drive = moved_by_half(drive, site_.spec.inputs[input].levels);
        }
        const OwnedBlock responses = measure("sensitivity", moved.view());
        for (std::size_t input = 0; input < x.channels(); ++input) {
            double square = 0.0;
            for (std::size_t place = 0; place < places; ++place) {
                const double s = shift([&](std::size_t k) {
                    const double d =
                        static_cast<double>(responses.sample(place * x.channels() + input)[k]) -
                        static_cast<double>(y.sample(place)[k]);
                    return std::pair(d, 2.0 * noise_[k] * noise_[k]);
                });
                square += s * s / static_cast<double>(places);
            }
            v1::InputQuality& quality = *report_.add_inputs();
            quality.set_name(site_.spec.inputs[input].name);
            quality.set_sensitivity(std::sqrt(square));
        }
    }

    struct PairResult {
        double rig;
        double inputs;
        double random_features;
    };

    PairResult measure_pair(const Pair& pair, RandomFeatures& digital) {
        const ExclusiveOrProbe probe =
            exclusive_or(site_.spec, pair.first, pair.second, pair_samples, site_.seed);
        OwnedBlock responses = measure("exclusive or", probe.drives.view());
        OwnedBlock features(site_.spec.n_out(), pair_samples);
        for (std::size_t first = 0; first < pair_samples; first += site_.spec.max_batch) {
            const std::size_t count = std::min(site_.spec.max_batch, pair_samples - first);
            digital.query(probe.drives.view().slice(first, count),
                          features.view().slice(first, count), {});
        }
        const std::uint64_t noise_seed = site_.seed + pair.first * site_.spec.n_in() + pair.second;
        add_probe_noise(responses.view(), noise_seed);
        add_probe_noise(features.view(), noise_seed);
        const auto accuracy = [&](ConstBlock block) {
            return read_out_accuracy(block, probe.labels, site_.seed);
        };
        return {.rig = accuracy(std::as_const(responses).view()),
                .inputs = accuracy(probe.drives.view()),
                .random_features = accuracy(std::as_const(features).view())};
    }

    void measure_exclusive_or() {
        const std::size_t inputs = site_.spec.n_in();
        if (inputs < 2) {
            report_.set_verdict("with one input there are no products of inputs to look for");
            return;
        }
        RandomFeatures digital(site_.spec, site_.seed);
        std::vector<PairResult> results;
        const auto mean_of = [&](const std::vector<Pair>& pairs) {
            double sum = 0.0;
            for (const Pair& pair : pairs) {
                results.push_back(measure_pair(pair, digital));
                sum += results.back().rig / static_cast<double>(pairs.size());
            }
            return sum;
        };
        v1::ExclusiveOr& out = *report_.mutable_exclusive_or();
        const std::vector<Pair> random = random_pairs(inputs, site_.seed);
        out.set_pairs(static_cast<std::uint32_t>(random.size()));
        out.set_test_samples(pair_samples / 2);
        out.set_random_pairs(mean_of(random));
        out.set_adjacent_pairs(mean_of(adjacent_pairs(inputs)));
        const auto mean = [&](auto of) {
            return moments(results.size(), [&](std::size_t i) { return of(results[i]); });
        };
        out.set_on_inputs(mean([](const PairResult& r) { return r.inputs; }).mean);
        out.set_on_random_features(
            mean([](const PairResult& r) { return r.random_features; }).mean);
        const Moments advantage =
            mean([](const PairResult& r) { return r.rig - r.random_features; });
        out.set_advantage(advantage.mean);
        out.set_advantage_half_width(half_width_95(advantage.deviation, results.size()));
        say_verdict(out, results.size());
    }

    void say_verdict(const v1::ExclusiveOr& found, std::size_t pairs) {
        report_.set_verdict(fmt::format(
            "on the exclusive or of two inputs, physics adds {:+.1f} +- {:.1f} points over as many "
            "digital random features ({:.1f} % against {:.1f} %; the inputs alone {:.1f} %; {} "
            "pairs, 95 % interval)",
            100 * found.advantage(), 100 * found.advantage_half_width(),
            100 * (found.advantage() + found.on_random_features()),
            100 * found.on_random_features(), 100 * found.on_inputs(), pairs));
    }

    const CharacteriseSite& site_;
    std::uint64_t of_queries_;
    std::uint64_t queries_ = 0;
    v1::Characterisation report_;
    std::vector<double> deviation_; ///< per output, over uniform drives
    std::vector<double> noise_;     ///< per output, over repeats
    std::vector<bool> dead_;
};

} // namespace

std::uint64_t characterise_queries(const LayerSpec& spec) {
    const std::size_t inputs = spec.n_in();
    const std::size_t pairs = std::min(pairs_of_a_sort, inputs * (inputs - 1) / 2) +
                              std::min(pairs_of_a_sort, inputs - 1);
    return repeated * repeats + 1 + settling_repeats + uniform_samples(spec) +
           sensitivity_places(spec) * inputs + pairs * pair_samples + repeated;
}

v1::Characterisation characterise(const CharacteriseSite& site) {
    return Characteriser(site).run();
}

} // namespace phyll::training
