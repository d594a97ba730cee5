#include "sim/rigs/twin/twin_rig.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "sim/rigs/replay/stimulus_index.hpp"
#include "sim/rigs/twin/assessment.hpp"
#include "sim/rigs/twin/twin.pb.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace phyll::sim {
namespace {

/// Measurements of which some are for the fit, the others for the test.
struct Part {
    OwnedBlock x;
    OwnedBlock y;
};
struct Split {
    Part training;
    Part test;
};

Part part_of_recording(const Recording& recording, const std::vector<std::uint32_t>& which) {
    Part part{.x = OwnedBlock(recording.inputs.size(), which.size()),
              .y = OwnedBlock(recording.outputs.size(), which.size())};
    for (std::size_t i = 0; i < which.size(); ++i) {
        std::ranges::copy(recording.stimuli.sample(which[i]), part.x.sample(i).begin());
        std::ranges::copy(recording.responses.sample(which[i]), part.y.sample(i).begin());
    }
    return part;
}

/// By distinct stimulus: a repeated one is never on both sides.
Split split(const Recording& recording, const TwinRules& rules) {
    const StimulusIndex index(recording.stimuli.view(),
                              std::vector<unsigned>(recording.inputs.size(), 0));
    const std::size_t distinct = index.distinct().size();
    const auto tested =
        static_cast<std::size_t>(std::lround(rules.test_fraction * static_cast<double>(distinct)));
    if (tested < 2 || tested >= distinct) {
        throw invalid_field(
            "recording.stimuli",
            fmt::format("{} distinct stimuli, of which {} would be for the test; a "
                        "twin needs some to be fitted to and two or more to be tested by",
                        distinct, tested));
    }
    std::vector<std::uint32_t> order(distinct);
    std::iota(order.begin(), order.end(), 0U);
    KeyedRandom(rules.fit.seed, "twin split").shuffle(order, 0);
    std::vector<std::uint32_t> training;
    std::vector<std::uint32_t> test;
    for (std::size_t i = 0; i < distinct; ++i) {
        std::vector<std::uint32_t>& side = i < tested ? test : training;
        const std::vector<std::uint32_t>& measurements = index.distinct()[order[i]];
        side.insert(side.end(), measurements.begin(), measurements.end());
    }
    return {.training = part_of_recording(recording, training),
            .test = part_of_recording(recording, test)};
}

/// The chosen channels, each less its mean and divided by its deviation; 1 stands for a deviation
/// of 0.
OwnedBlock standardised(const OwnedBlock& block, const Moments& moments,
                        const std::vector<std::size_t>& channels) {
    OwnedBlock out(channels.size(), block.samples());
    for (std::size_t i = 0; i < block.samples(); ++i) {
        for (std::size_t c = 0; c < channels.size(); ++c) {
            const std::size_t k = channels[c];
            const double deviation = moments.deviations[k] > 0.0 ? moments.deviations[k] : 1.0;
            out.sample(i)[c] = static_cast<float>(
                (static_cast<double>(block.sample(i)[k]) - moments.means[k]) / deviation);
        }
    }
    return out;
}

/// The network on drives and in physical units that the one on standardised data comes to; outputs
/// that are not live are constants.
TwinWeights in_units(const TwinWeights& fitted, const Moments& x, const Moments& y,
                     const std::vector<std::size_t>& live) {
    TwinWeights out(x.means.size(), fitted.hidden(), y.means.size());
    for (std::size_t j = 0; j < fitted.hidden(); ++j) {
        auto bias = static_cast<double>(fitted.b1[j]);
        for (std::size_t k = 0; k < x.means.size(); ++k) {
            const double deviation = x.deviations[k] > 0.0 ? x.deviations[k] : 1.0;
            const double weight = static_cast<double>(fitted.w1.sample(j)[k]) / deviation;
            out.w1.sample(j)[k] = static_cast<float>(weight);
            bias -= weight * x.means[k];
        }
        out.b1[j] = static_cast<float>(bias);
    }
    std::ranges::transform(y.means, out.b2.begin(),
                           [](double mean) { return static_cast<float>(mean); });
    for (std::size_t c = 0; c < live.size(); ++c) {
        const std::size_t k = live[c];
        for (std::size_t j = 0; j < fitted.hidden(); ++j) {
            out.w2.sample(k)[j] =
                static_cast<float>(y.deviations[k] * static_cast<double>(fitted.w2.sample(c)[j]));
        }
        out.b2[k] =
            static_cast<float>(y.means[k] + y.deviations[k] * static_cast<double>(fitted.b2[c]));
    }
    return out;
}

/// All that fitting finds.
struct Fitted {
    TwinWeights weights;
    std::vector<std::size_t> live; ///< outputs
    Determination network;
    Determination linear;
    std::size_t training;
    std::size_t test;
};

std::vector<std::size_t> live_outputs(const Moments& y, double dead_below) {
    const double threshold = dead_below * *std::ranges::max_element(y.deviations);
    std::vector<std::size_t> live;
    for (std::size_t k = 0; k < y.deviations.size(); ++k) {
        if (y.deviations[k] > 0.0 && y.deviations[k] >= threshold) {
            live.push_back(k);
        }
    }
    if (live.empty()) {
        throw invalid_field("recording.responses",
                            "no output varies with the stimulus; there is nothing to fit");
    }
    return live;
}

Fitted fit(const Recording& recording, const TwinRules& rules, Workers& workers) {
    const Split data = split(recording, rules);
    const Moments x = moments_of(data.training.x.view());
    const Moments y = moments_of(data.training.y.view());
    std::vector<std::size_t> inputs(x.means.size());
    std::iota(inputs.begin(), inputs.end(), std::size_t{0});
    std::vector<std::size_t> live = live_outputs(y, rules.dead_below);
    const OwnedBlock stimuli = standardised(data.training.x, x, inputs);
    const OwnedBlock targets = standardised(data.training.y, y, live);
    TwinWeights weights =
        in_units(fit_network(stimuli.view(), targets.view(), rules.fit, workers), x, y, live);

    OwnedBlock predicted(y.means.size(), data.test.x.samples());
    TwinNetwork(weights).respond(data.test.x.view(), predicted.view());
    const OwnedBlock linear =
        linear_prediction(data.training.x.view(), data.training.y.view(), data.test.x.view());
    return {.weights = std::move(weights),
            .live = std::move(live),
            .network = determination(std::as_const(predicted).view(), data.test.y.view()),
            .linear = determination(linear.view(), data.test.y.view()),
            .training = data.training.x.samples(),
            .test = data.test.x.samples()};
}

/// The units are between -1 and 1, so a network's outputs have bounds.
void set_ranges(LayerSpec& spec, const TwinWeights& weights) {
    for (std::size_t k = 0; k < spec.n_out(); ++k) {
        double reach = 0.0;
        for (const float weight : weights.w2.sample(k)) {
            reach += std::abs(static_cast<double>(weight));
        }
        const auto middle = static_cast<double>(weights.b2[k]);
        reach += std::max(1e-6, 1e-3 * (reach + std::abs(middle))); // for rounding, and constants
        spec.outputs[k].minimum = middle - reach;
        spec.outputs[k].maximum = middle + reach;
    }
}

void set_notes(LayerSpec& spec, const Fitted& fitted, const TwinRules& rules) {
    spec.notes.push_back(
        fmt::format("network of {} hidden units, fitted to {} measurements of {:.4g} % of the "
                    "stimuli",
                    rules.fit.hidden, fitted.training, 100.0 * (1.0 - rules.test_fraction)));
    spec.notes.push_back(
        fmt::format("held-out R^2 {:.4f}, of a linear fit {:.4f} (pooled over the outputs, {} "
                    "measurements of the other stimuli)",
                    fitted.network.pooled, fitted.linear.pooled, fitted.test));
    std::vector<std::string> dead;
    for (std::size_t k = 0; k < spec.n_out(); ++k) {
        const bool live = std::ranges::binary_search(fitted.live, k);
        if (!live) {
            dead.push_back(spec.outputs[k].name);
        }
        spec.outputs[k].note =
            live ? fmt::format("R^2 {:.4f}, linear {:.4f}", fitted.network.outputs[k],
                               fitted.linear.outputs[k])
                 : "dead: a constant";
    }
    if (!dead.empty()) {
        spec.notes.push_back(
            fmt::format("dead outputs, fitted as constants: {} (standard deviation "
                        "below {:g} of the largest)",
                        fmt::join(dead, ", "), rules.dead_below));
    }
}

class TwinRig final : public SimulatedRig {
  public:
    TwinRig(LayerSpec spec, TwinWeights weights, Workers& workers)
        : spec_(std::move(spec)),
          nominal_(std::move(weights)),
          network_(nominal_),
          workers_(workers) {
        double squares = 0.0;
        for (const float weight : nominal_.w1.view().values()) {
            squares += static_cast<double>(weight) * static_cast<double>(weight);
        }
        step_ = std::sqrt(squares / static_cast<double>(nominal_.w1.view().size()));
    }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }

    void query(ConstBlock x, Block y, const QueryContext& context) override {
        const std::size_t tiles = (x.samples() + twin_tile - 1) / twin_tile;
        workers_.run(tiles, [&](std::size_t tile) {
            if (context.stop.stop_requested()) {
                throw Error(Code::cancelled, "the query was stopped");
            }
            const std::size_t first = tile * twin_tile;
            const std::size_t count = std::min(twin_tile, x.samples() - first);
            network_.respond(x.slice(first, count), y.slice(first, count));
        });
    }

    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override {}

    [[nodiscard]] std::size_t parameters() const override {
        return nominal_.w1.view().size() + nominal_.b1.size();
    }
    void displace(std::span<const double> offsets) override {
        if (offsets.size() != parameters()) {
            throw invalid_field("offsets", fmt::format("{} numbers for {} parameters",
                                                       offsets.size(), parameters()));
        }
        TwinWeights moved = nominal_;
        const std::span<float> w1 = moved.w1.view().values();
        for (std::size_t i = 0; i < offsets.size(); ++i) {
            float& weight = i < w1.size() ? w1[i] : moved.b1[i - w1.size()];
            weight = static_cast<float>(static_cast<double>(weight) + step_ * offsets[i]);
        }
        network_ = TwinNetwork(moved);
    }
    [[nodiscard]] Reach reach() const override { return {.smallest = 1e-3, .largest = 10.0}; }

  private:
    LayerSpec spec_;
    TwinWeights nominal_;
    TwinNetwork network_;
    Workers& workers_;
    double step_ = 0.0;
};

std::unique_ptr<SimulatedRig> make(const google::protobuf::Message& message, const RigSite& site) {
    const auto& options = dynamic_cast<const v1::TwinOptions&>(message);
    TwinRules rules;
    rules.fit.seed = site.seed;
    if (options.has_hidden()) {
        rules.fit.hidden = options.hidden();
    }
    if (options.has_iterations()) {
        rules.fit.iterations = options.iterations();
    }
    if (options.has_regularisation()) {
        rules.fit.regularisation = options.regularisation();
    }
    if (options.has_test_fraction()) {
        rules.test_fraction = options.test_fraction();
    }
    if (options.has_dead_below()) {
        rules.dead_below = options.dead_below();
    }
    return make_twin(read_recording(options.recording(), site), rules, *site.workers);
}

} // namespace

std::unique_ptr<SimulatedRig> make_twin(const Recording& recording, const TwinRules& rules,
                                        Workers& workers) {
    constexpr std::size_t most_weights = std::size_t{1} << 22U;
    const std::size_t channels = recording.inputs.size() + recording.outputs.size();
    if (rules.fit.hidden == 0 || rules.fit.hidden * channels > most_weights) {
        throw invalid_field("hidden",
                            fmt::format("{}; valid is 1 to {} for {} inputs and {} "
                                        "outputs",
                                        rules.fit.hidden, most_weights / channels,
                                        recording.inputs.size(), recording.outputs.size()));
    }
    Fitted fitted = fit(recording, rules, workers);
    LayerSpec spec = spec_of(recording);
    spec.response_storage = {}; // whatever the network gives
    spec.kind = "twin";
    spec.evidence = Evidence::replay_twin;
    set_ranges(spec, fitted.weights);
    set_notes(spec, fitted, rules);
    return std::make_unique<TwinRig>(std::move(spec), std::move(fitted.weights), workers);
}

SimulatedRigKind twin_kind() {
    return {.name = "twin",
            .about = "a small network fitted to a recording: answers every stimulus in its place",
            .new_options = [] { return std::make_unique<v1::TwinOptions>(); },
            .make = make};
}

} // namespace phyll::sim
