#include "daemon/training/schemes/read_out/read_out_scheme.hpp"

#include "daemon/training/named_arrays.hpp"
#include "daemon/training/operations.hpp"
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

const phyll::v1::LayerConfig& only_layer(const SchemeJob& job) {
    if (job.spec.layers_size() != 1 || job.rigs.size() != 1) {
        throw invalid_field("layers",
                            fmt::format("{} layers; a read-out reads one", job.spec.layers_size()));
    }
    return job.spec.layers(0);
}

/// The layer's rig; empty without physics.
RigShape only_rig(const SchemeJob& job) {
    if (!only_layer(job).physics()) {
        return {};
    }
    const std::optional<RigShape>& rig = job.rigs[0];
    if (!rig) {
        throw invalid_field("layers[0].rig", "missing; a layer with physics needs a rig");
    }
    return *rig;
}

/// The layer's encoding, where it has physics.
EncodingSettings encoding_of(const SchemeJob& job) {
    const phyll::v1::LayerConfig& layer = only_layer(job);
    if (!layer.physics()) {
        return {};
    }
    const EncodingSettings settings = read_encoding("layers[0].encoding", layer.encoding());
    check_encoding(settings, "layers[0]", job.data.features(),
                   fmt::format("{} features", job.data.features()), only_rig(job), layer.rig());
    return settings;
}

InputOrders orders_of(const SchemeJob& job) {
    const phyll::v1::LayerConfig& layer = only_layer(job);
    if (!layer.physics()) {
        return {};
    }
    const RigShape rig = only_rig(job);
    return {read_permutations("layers[0].permutations", layer, rig), rig.inputs, job.spec.seed(),
            0};
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
      orders_(orders_of(job)),
      outputs_(rig_.outputs * orders_.count()),
      settings_{.kind = kind,
                .regularisation = options.has_regularisation()
                                      ? std::optional(options.regularisation())
                                      : std::nullopt,
                .seed = job.spec.seed(),
                .shown_as = job.split.shown_as,
                .workers = job.workers},
      classes_(job.data.classes()),
      training_labels_(labels_of(job.data, job.split.training)),
      test_labels_(labels_of(job.data, job.split.test)),
      scaling_(fit_scaling(job)),
      encoder_(encoding_of(job), job.data.features(), 0, rig_),
      training_scores_(job.data.inputs, scaling_, job.split.training),
      test_scores_(job.data.inputs, scaling_, job.split.test),
      bytes_(job.bytes),
      training_chunks_(chunks(training_labels_.size())),
      test_chunks_(chunks(test_labels_.size())),
      judged_(classes_) {
    if (physics_) {
        encoder_.fit(training_scores_.rows());
    }
    ReadOutScheme::start_over();
    const std::size_t features =
        physics_ ? outputs_ + (skip_ ? job.data.features() : 0) : job.data.features();
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

const Scores& ReadOutScheme::scores(const Chunk& chunk) const {
    return chunk.on_test ? test_scores_ : training_scores_;
}

std::unique_ptr<SampleStore> ReadOutScheme::new_store() const {
    return std::make_unique<SampleStore>(rig_.response_storage, outputs_, make_bytes(bytes_));
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
        OwnedBlock h(training_scores_.features(), part.count);
        scores(part).rows().gather(part.first, h.view());
        plan.samples.resize(part.count);
        std::iota(plan.samples.begin(), plan.samples.end(), static_cast<std::uint32_t>(part.first));
        for (const std::uint32_t sample : plan.samples) {
            plan.origins.insert(plan.origins.end(), orders_.count(), {.sample = sample});
        }
        OwnedBlock stimuli(rig_.inputs, part.count);
        plan.clipped = encoder_.encode(h.view(), stimuli.view());
        plan.stimuli = orders_.expand(std::move(stimuli));
        plan.encoded = h.view().size();
    }
    return plan;
}

SampleRows ReadOutScheme::features(const SampleRows& scores, const SampleRows& responses) const {
    return {read_out_.weights.channels(), scores.samples,
            [this, scores, responses](std::size_t i, std::span<float> into) {
                if (physics_) {
                    responses.read(i, into.first(outputs_));
                }
                if (!physics_ || skip_) {
                    scores.read(i, into.last(scores.channels));
                }
            }};
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
    const ConstBlock answers = orders_.gather(responses);
    ++next_step_;
    if (!part.on_test) {
        for (std::size_t i = 0; physics_ && i < part.count; ++i) {
            responses_->append(answers.sample(i));
        }
        return part.last ? finish_training() : StepReport{};
    }
    return judge(part, answers);
}

StepReport ReadOutScheme::judge(const Chunk& chunk, ConstBlock responses) {
    const SampleRows rows =
        features(test_scores_.rows().slice(chunk.first, chunk.count), responses);
    OwnedBlock columns(rows.channels, chunk.count);
    rows.gather(0, columns.view());
    const OwnedBlock scores = read_out_.scores(columns.view());
    for (std::size_t i = 0; i < chunk.count; ++i) {
        judged_.add(test_labels_[chunk.first + i], scores.sample(i));
    }
    StepReport report;
    report.operations = affine_operations(read_out_.weights.channels(), classes_, chunk.count);
    if (chunk.last) {
        report.test_accuracy =
            static_cast<double>(judged_.hits()) / static_cast<double>(test_labels_.size());
        report.test_judgement = judged_.judgement();
        judged_.clear();
    }
    return report;
}

void ReadOutScheme::start_over() {
    next_step_ = 0;
    judged_.clear();
    responses_ = physics_ ? new_store() : nullptr;
}

StepReport ReadOutScheme::finish_training() {
    const std::unique_ptr<SampleStore> store = std::exchange(responses_, nullptr);
    SampleRows responses;
    if (store) {
        responses = {store->channels(), store->samples(),
                     [&](std::size_t i, std::span<float> into) { store->read(i, into); }};
    }
    const SampleRows all = features(training_scores_.rows(), responses);
    read_out_ = fit_read_out(all, training_labels_, classes_, settings_);
    StepReport report;
    report.operations =
        read_out_.operations + affine_operations(all.channels, classes_, all.samples);
    report.train_accuracy = static_cast<double>(read_out_.count_hits(all, training_labels_)) /
                            static_cast<double>(training_labels_.size());
    return report;
}

std::vector<LayerOutlook> ReadOutScheme::outlook() const {
    return {{.inputs = training_scores_.features(),
             .features = read_out_.weights.channels(),
             .training_queries = physics_ ? training_labels_.size() * orders_.count() : 0,
             .evaluation_queries = physics_ ? test_labels_.size() * orders_.count() : 0}};
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
    return {static_cast<float>(training_labels_.size()),
            static_cast<float>(test_labels_.size()),
            static_cast<float>(classes_),
            static_cast<float>(settings_.kind),
            static_cast<float>(settings_.regularisation.value_or(-1.0)),
            static_cast<float>(orders_.count())};
}

OwnedBlock ReadOutScheme::measured_responses() const {
    if (!responses_) {
        return {};
    }
    OwnedBlock responses(outputs_, responses_->samples());
    for (std::size_t i = 0; i < responses.samples(); ++i) {
        responses_->read(i, responses.sample(i));
    }
    return responses;
}

std::vector<NamedArray> ReadOutScheme::state() const {
    std::vector<NamedArray> arrays = network();
    const auto step = static_cast<float>(next_step_);
    arrays.push_back(named_vector("progress/next_step", std::span(&step, 1)));
    arrays.push_back(named_block("progress/responses", measured_responses().view()));
    arrays.push_back(judged_.save("progress/judged"));
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
    JudgementCounter judged = judged_;
    arrays.read("layer1/weights", read_out.weights.view());
    arrays.read("layer1/bias", read_out.bias);
    arrays.read("layer1/regularisation", std::span(&regularisation, 1));
    arrays.read("progress/next_step", std::span(&step, 1));
    judged.restore(arrays, "progress/judged");
    const auto next_step = static_cast<std::uint64_t>(step);
    std::unique_ptr<SampleStore> responses;
    if (physics_ && next_step < training_chunks_) {
        OwnedBlock measured(outputs_, next_step * samples_per_chunk);
        arrays.read("progress/responses", measured.view());
        responses = new_store();
        for (std::size_t i = 0; i < measured.samples(); ++i) {
            responses->append(measured.sample(i));
        }
    }
    read_out.regularisation = static_cast<double>(regularisation);
    read_out_ = std::move(read_out);
    responses_ = std::move(responses);
    next_step_ = next_step;
    judged_ = std::move(judged);
}

} // namespace phyll::training
