#include "daemon/training/inference.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

namespace phyll::training {
namespace {

/// As in an evaluation: samples go in chunks of about so many columns.
constexpr std::size_t columns_at_a_time = 2048;

std::vector<std::uint32_t> numbers_up_to(std::size_t end) {
    std::vector<std::uint32_t> numbers(end);
    std::iota(numbers.begin(), numbers.end(), 0U);
    return numbers;
}

OwnedBlock copy_of(ConstBlock block) {
    OwnedBlock copy(block.channels(), block.samples());
    std::ranges::copy(block.values(), copy.view().data());
    return copy;
}

std::uint64_t count_clamped(const FeatureScaling& scaling, ConstBlock inputs) {
    std::uint64_t clamped = 0;
    for (std::size_t i = 0; i < inputs.samples(); ++i) {
        const std::span<const float> sample = inputs.sample(i);
        for (std::size_t f = 0; f < sample.size(); ++f) {
            clamped += sample[f] < scaling.minimum[f] || sample[f] > scaling.maximum[f] ? 1 : 0;
        }
    }
    return clamped;
}

/// By how much the largest is above the second.
double lead(std::span<const float> scores) {
    float best = -std::numeric_limits<float>::infinity();
    float second = best;
    for (const float score : scores) {
        second = std::max(second, std::min(best, score));
        best = std::max(best, score);
    }
    return static_cast<double>(best) - static_cast<double>(second);
}

} // namespace

void check_inputs(const TrainedNetwork& network, ConstBlock inputs) {
    if (inputs.channels() != network.features()) {
        throw invalid_field("inputs",
                            fmt::format("{} values per sample, but the network has {} features",
                                        inputs.channels(), network.features()));
    }
    if (inputs.samples() == 0) {
        throw invalid_field("inputs", "no samples; at least one is needed");
    }
    for (std::size_t i = 0; i < inputs.samples(); ++i) {
        const std::span<const float> sample = inputs.sample(i);
        const auto found =
            std::ranges::find_if_not(sample, [](float value) { return std::isfinite(value); });
        if (found != sample.end()) {
            throw invalid_field(fmt::format("inputs[{}][{}]", i, found - sample.begin()),
                                fmt::format("{}; valid are finite numbers", *found));
        }
    }
}

void check_early_exit(const TrainedNetwork& network, double margin) {
    if (network.layers() < 2 || !network.judges_every_layer()) {
        throw invalid_field("early_exit",
                            "the network has no layers that a sample could be spared; it is for "
                            "those of several layers that judge by goodness");
    }
    if (!(margin >= 0.0 && std::isfinite(margin))) {
        throw invalid_field("early_exit", fmt::format("{}; valid is 0 or more", margin));
    }
}

Inference::Inference(const TrainedNetwork& network, ConstBlock inputs,
                     std::optional<double> early_exit)
    : network_((check_inputs(network, inputs), network)),
      early_exit_(early_exit),
      samples_(Samples(copy_of(inputs)), network.scaling(), numbers_up_to(inputs.samples())),
      scores_(network.classes(), inputs.samples()),
      clamped_(count_clamped(network.scaling(), inputs)) {
    if (early_exit) {
        check_early_exit(network, *early_exit);
    }
    begin();
}

void Inference::begin() {
    const std::size_t most = std::max<std::size_t>(1, columns_at_a_time / network_.showings());
    count_ = std::min(most, samples_.samples() - first_);
    layer_ = 0;
    flow_ = network_.begin(samples_, first_, count_);
    on_way_.resize(count_);
    std::iota(on_way_.begin(), on_way_.end(), first_);
}

Plan Inference::plan() const {
    Plan plan;
    plan.layer = layer_;
    plan.purpose = Purpose::evaluation;
    plan.stage = Stage::testing;
    if (network_.stimuli_of(layer_) > 0) {
        plan.stimuli = network_.stimuli(layer_, flow_.inputs.view(), plan.clipped);
        plan.encoded = flow_.inputs.view().size();
    }
    return plan;
}

void Inference::take(const Plan& planned, ConstBlock responses) {
    if (over() || planned.layer != layer_) {
        throw Error(Code::failed_precondition,
                    fmt::format("layer {} was answered when it was the turn of layer {}",
                                planned.layer, layer_));
    }
    if (responses.samples() != planned.stimuli.samples()) {
        throw Error(Code::invalid_argument,
                    fmt::format("{} stimuli of layers[{}] were answered by {} responses",
                                planned.stimuli.samples(), layer_, responses.samples()));
    }
    network_.pass(layer_, flow_, responses);
    ++layer_;
    if (layer_ == network_.layers()) {
        end_chunk();
        return;
    }
    if (early_exit_) {
        let_go();
    }
}

/// Keeps what is known of the sample at that place of the flow.
void Inference::store(std::size_t place) {
    std::ranges::copy(std::as_const(flow_.scores).sample(place),
                      scores_.sample(on_way_[place]).begin());
}

void Inference::end_chunk() {
    for (std::size_t i = 0; i < on_way_.size(); ++i) {
        store(i);
    }
    first_ += count_;
    flow_ = {};
    if (!over()) {
        begin();
    }
}

void Inference::let_go() {
    std::uint64_t spared = 0;
    for (std::size_t layer = layer_; layer < network_.layers(); ++layer) {
        spared += network_.showings() * network_.stimuli_of(layer);
    }
    std::vector<std::size_t> staying;
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < on_way_.size(); ++i) {
        if (lead(std::as_const(flow_.scores).sample(i)) >= *early_exit_) {
            store(i);
            saved_ += spared;
        } else {
            staying.push_back(i);
            numbers.push_back(on_way_[i]);
        }
    }
    if (staying.size() < on_way_.size()) {
        flow_.keep(staying, network_.showings());
        on_way_ = std::move(numbers);
    }
    if (on_way_.empty()) {
        end_chunk();
    }
}

std::vector<std::uint32_t> Inference::labels() const {
    std::vector<std::uint32_t> labels;
    labels.reserve(scores_.samples());
    for (std::size_t i = 0; i < scores_.samples(); ++i) {
        const std::span<const float> of_sample = scores_.sample(i);
        labels.push_back(
            static_cast<std::uint32_t>(std::ranges::max_element(of_sample) - of_sample.begin()));
    }
    return labels;
}

} // namespace phyll::training
