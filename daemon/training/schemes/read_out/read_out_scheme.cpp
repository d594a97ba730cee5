#include "daemon/training/schemes/read_out/read_out_scheme.hpp"

#include "daemon/training/named_arrays.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace phyll::training {
namespace {

/// Samples that are measured in one step.
constexpr std::size_t samples_per_chunk = 1024;

std::size_t chunks(std::size_t samples) {
    return (samples + samples_per_chunk - 1) / samples_per_chunk;
}

std::vector<std::uint32_t> labels_of(const DataSet& data, std::span<const std::uint32_t> samples) {
    std::vector<std::uint32_t> labels;
    labels.reserve(samples.size());
    for (const std::uint32_t i : samples) {
        labels.push_back(data.labels[i]);
    }
    return labels;
}

/// The only layer's rig; empty where the layer has no physics.
RigShape only_rig(const SchemeJob& job) {
    if (job.spec.layers_size() != 1 || job.rigs.size() != 1) {
        throw invalid_field("layers",
                            fmt::format("{} layers; a read-out reads one", job.spec.layers_size()));
    }
    const phyll::v1::LayerConfig& layer = job.spec.layers(0);
    if (!layer.physics()) {
        return {};
    }
    const std::optional<RigShape>& rig = job.rigs[0];
    if (!rig) {
        throw invalid_field("layers[0].rig", "a layer with physics needs a rig");
    }
    if (job.data.features() > rig->inputs) {
        throw invalid_field("layers[0]",
                            fmt::format("the data has {} features, but rig \"{}\" has {} inputs",
                                        job.data.features(), layer.rig(), rig->inputs));
    }
    return *rig;
}

void check_splits(const SchemeJob& job) {
    if (job.data.classes() < 2) {
        throw invalid_field(
            "data", fmt::format("it has {} classes; at least two are needed", job.data.classes()));
    }
    if (job.split.training.empty() || job.split.test.empty()) {
        throw invalid_field("data", "there are no training or no test samples");
    }
}

} // namespace

ReadOutScheme::ReadOutScheme(const SchemeJob& job, ReadOutKind kind,
                             const v1::ReadOutOptions& options)
    : rig_((check_splits(job), only_rig(job))),
      physics_(job.spec.layers(0).physics()),
      skip_(physics_ && job.spec.layers(0).skip()),
      settings_{.kind = kind,
                .regularisation = options.has_regularisation()
                                      ? std::optional(options.regularisation())
                                      : std::nullopt,
                .seed = job.spec.seed()},
      classes_(job.data.classes()),
      training_labels_(labels_of(job.data, job.split.training)),
      test_labels_(labels_of(job.data, job.split.test)),
      scaling_(FeatureScaling::fit(job.data.inputs.view(), job.split.training)),
      encoder_(parse_encoding("layers[0].encoding.kind", job.spec.layers(0).encoding().kind()),
               job.data.features(), 0),
      training_scores_(scaling_.apply(job.data.inputs.view(), job.split.training)),
      test_scores_(scaling_.apply(job.data.inputs.view(), job.split.test)),
      training_chunks_(chunks(training_labels_.size())),
      test_chunks_(chunks(test_labels_.size())) {
    encoder_.fit(training_scores_.view());
    const std::size_t features =
        physics_ ? rig_.outputs + (skip_ ? job.data.features() : 0) : job.data.features();
    features_ = OwnedBlock(features, training_labels_.size());
    read_out_ = {.weights = OwnedBlock(features, classes_), .bias = std::vector<float>(classes_)};
}

ReadOutScheme::Chunk ReadOutScheme::chunk(std::uint64_t step) const {
    const bool on_test = step >= training_chunks_;
    const std::size_t index = on_test ? step - training_chunks_ : step;
    const std::size_t samples = (on_test ? test_labels_ : training_labels_).size();
    const std::size_t first = index * samples_per_chunk;
    return {.on_test = on_test,
            .first = first,
            .count = std::min(samples_per_chunk, samples - first),
            .last = first + samples_per_chunk >= samples};
}

ConstBlock ReadOutScheme::scores(const Chunk& chunk) const {
    return (chunk.on_test ? test_scores_ : training_scores_).view().slice(chunk.first, chunk.count);
}

Plan ReadOutScheme::plan(std::uint64_t step) const {
    if (step >= steps() || step < next_step_ || step > next_step_ + 1) {
        throw Error(Code::failed_precondition,
                    fmt::format("step {} was planned when it was the turn of step {} of {}", step,
                                next_step_, steps()));
    }
    const Chunk part = chunk(step);
    Plan plan;
    plan.purpose = part.on_test ? Purpose::evaluation : Purpose::training;
    plan.stage = part.on_test ? Stage::testing : Stage::measuring;
    plan.on_test = part.on_test;
    if (physics_) {
        const ConstBlock h = scores(part);
        plan.samples.resize(part.count);
        std::iota(plan.samples.begin(), plan.samples.end(), static_cast<std::uint32_t>(part.first));
        plan.stimuli = OwnedBlock(rig_.inputs, part.count);
        plan.clipped = encoder_.encode(h, plan.stimuli.view());
        plan.encoded = h.size();
    }
    return plan;
}

void ReadOutScheme::write_features(ConstBlock scores, ConstBlock responses, Block features) const {
    for (std::size_t i = 0; i < features.samples(); ++i) {
        auto out = features.sample(i).begin();
        if (physics_) {
            out = std::ranges::copy(responses.sample(i), out).out;
        }
        if (!physics_ || skip_) {
            std::ranges::copy(scores.sample(i), out);
        }
    }
}

StepReport ReadOutScheme::learn(std::uint64_t step, const Plan& planned, ConstBlock responses) {
    if (step != next_step_ || step >= steps()) {
        throw Error(Code::failed_precondition,
                    fmt::format("step {} was to be learned when it was the turn of step {} of {}",
                                step, next_step_, steps()));
    }
    if (physics_ && (responses.channels() != rig_.outputs ||
                     responses.samples() != planned.stimuli.samples())) {
        throw Error(Code::invalid_argument,
                    fmt::format("{} stimuli were answered by {} responses of {} outputs; the rig "
                                "has {}",
                                planned.stimuli.samples(), responses.samples(),
                                responses.channels(), rig_.outputs));
    }
    const Chunk part = chunk(step);
    ++next_step_;
    if (!part.on_test) {
        write_features(scores(part), responses, features_.view().slice(part.first, part.count));
        return part.last ? finish_training() : StepReport{};
    }
    OwnedBlock features(read_out_.weights.channels(), part.count);
    write_features(scores(part), responses, features.view());
    hits_ += static_cast<float>(read_out_.count_hits(
        features.view(), std::span(test_labels_).subspan(part.first, part.count)));
    StepReport report;
    if (part.last) {
        report.test_accuracy = static_cast<double>(std::exchange(hits_, 0.0F)) /
                               static_cast<double>(test_labels_.size());
    }
    return report;
}

StepReport ReadOutScheme::finish_training() {
    const OwnedBlock features = std::exchange(features_, {});
    read_out_ = fit_read_out(features.view(), training_labels_, classes_, settings_);
    StepReport report;
    report.train_accuracy =
        static_cast<double>(read_out_.count_hits(features.view(), training_labels_)) /
        static_cast<double>(training_labels_.size());
    return report;
}

std::vector<LayerOutlook> ReadOutScheme::outlook() const {
    return {{.inputs = training_scores_.channels(),
             .features = read_out_.weights.channels(),
             .training_queries = physics_ ? training_labels_.size() : 0,
             .evaluation_queries = physics_ ? test_labels_.size() : 0}};
}

std::vector<NamedArray> ReadOutScheme::network() const {
    const auto regularisation = static_cast<float>(read_out_.regularisation);
    std::vector<NamedArray> arrays{
        named_vector("features/mean", scaling_.mean),
        named_vector("features/deviation", scaling_.deviation),
        named_vector("features/minimum", scaling_.minimum),
        named_vector("features/maximum", scaling_.maximum),
        named_block("layer1/weights", read_out_.weights.view()),
        named_vector("layer1/bias", read_out_.bias),
        named_vector("layer1/regularisation", std::span(&regularisation, 1)),
    };
    if (physics_) {
        arrays.push_back(named_vector("layer1/encoding_offset", encoder_.offset()));
        arrays.push_back(named_vector("layer1/encoding_scale", encoder_.scale()));
    }
    return arrays;
}

std::vector<float> ReadOutScheme::fingerprint() const {
    return {static_cast<float>(training_labels_.size()), static_cast<float>(test_labels_.size()),
            static_cast<float>(classes_), static_cast<float>(settings_.kind),
            static_cast<float>(settings_.regularisation.value_or(-1.0))};
}

std::vector<NamedArray> ReadOutScheme::state() const {
    std::vector<NamedArray> arrays = network();
    const auto step = static_cast<float>(next_step_);
    arrays.push_back(named_vector("progress/next_step", std::span(&step, 1)));
    arrays.push_back(named_block("progress/features", features_.view()));
    arrays.push_back(named_vector("progress/hits", std::span(&hits_, 1)));
    arrays.push_back(named_vector("job", fingerprint()));
    return arrays;
}

void ReadOutScheme::restore(std::span<const NamedArray> state) {
    const ArrayReader arrays(state);
    if (arrays.read_vector("job") != fingerprint()) {
        throw Error(Code::data_loss,
                    "the stored state is that of another job: its data or its scheme differ");
    }
    // Into copies first: a state that does not fit leaves this scheme as it was.
    ReadOut read_out = read_out_;
    float regularisation = 0.0F;
    float step = 0.0F;
    float hits = 0.0F;
    arrays.read("layer1/weights", read_out.weights.view());
    arrays.read("layer1/bias", read_out.bias);
    arrays.read("layer1/regularisation", std::span(&regularisation, 1));
    arrays.read("progress/next_step", std::span(&step, 1));
    arrays.read("progress/hits", std::span(&hits, 1));
    const auto next_step = static_cast<std::uint64_t>(step);
    OwnedBlock features;
    if (next_step < training_chunks_) {
        features = OwnedBlock(read_out.weights.channels(), training_labels_.size());
        arrays.read("progress/features", features.view());
    }
    read_out.regularisation = static_cast<double>(regularisation);
    read_out_ = std::move(read_out);
    features_ = std::move(features);
    next_step_ = next_step;
    hits_ = hits;
}

} // namespace phyll::training
