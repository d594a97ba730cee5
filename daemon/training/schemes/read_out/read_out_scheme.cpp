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

void check_splits(const SchemeJob& job) {
    refuse_validation(job, "a read-out is fitted at once");
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
    : layer_((check_splits(job), job)),
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
      training_scores_(job.data.inputs, scaling_, job.split.training),
      test_scores_(job.data.inputs, scaling_, job.split.test),
      bytes_(job.bytes),
      training_chunks_(chunks(training_labels_.size())),
      test_chunks_(chunks(test_labels_.size())),
      judged_(classes_) {
    layer_.fit(training_scores_.rows());
    ReadOutScheme::start_over();
    read_out_ = {.weights = OwnedBlock(layer_.features(), classes_),
                 .bias = std::vector<float>(classes_)};
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
    return std::make_unique<SampleStore>(layer_.rig().response_storage, layer_.outputs(),
                                         make_bytes(bytes_));
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
    if (layer_.physics()) {
        OwnedBlock h(training_scores_.features(), part.count);
        scores(part).rows().gather(part.first, h.view());
        plan.samples.resize(part.count);
        std::iota(plan.samples.begin(), plan.samples.end(), static_cast<std::uint32_t>(part.first));
        for (const std::uint32_t sample : plan.samples) {
            plan.origins.insert(plan.origins.end(), layer_.orders(), {.sample = sample});
        }
        plan.stimuli = layer_.stimuli(std::as_const(h).view(), plan.clipped);
        plan.encoded = h.view().size();
    }
    return plan;
}

StepReport ReadOutScheme::learn(std::uint64_t step, const Plan& planned, ConstBlock responses) {
    if (step != next_step_ || step >= steps()) {
        throw Error(Code::failed_precondition,
                    fmt::format("step {} was to be learned when it was the turn of step {} of {}",
                                step, next_step_, steps()));
    }
    if (layer_.physics() && (responses.channels() != layer_.rig().outputs ||
                             responses.samples() != planned.stimuli.samples())) {
        throw Error(Code::invalid_argument,
                    fmt::format("{} stimuli were answered by {} responses of {} outputs; the rig "
                                "has {}",
                                planned.stimuli.samples(), responses.samples(),
                                responses.channels(), layer_.rig().outputs));
    }
    const Chunk part = chunk(step);
    const ConstBlock answers = layer_.answers(responses);
    ++next_step_;
    if (!part.on_test) {
        for (std::size_t i = 0; layer_.physics() && i < part.count; ++i) {
            responses_->append(answers.sample(i));
        }
        return part.last ? finish_training() : StepReport{};
    }
    return judge(part, answers);
}

StepReport ReadOutScheme::judge(const Chunk& chunk, ConstBlock responses) {
    const SampleRows rows =
        layer_.features(test_scores_.rows().slice(chunk.first, chunk.count), responses);
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
    responses_ = layer_.physics() ? new_store() : nullptr;
}

StepReport ReadOutScheme::finish_training() {
    const std::unique_ptr<SampleStore> store = std::exchange(responses_, nullptr);
    SampleRows responses;
    if (store) {
        responses = {store->channels(), store->samples(),
                     [&](std::size_t i, std::span<float> into) { store->read(i, into); }};
    }
    const SampleRows all = layer_.features(training_scores_.rows(), responses);
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
             .training_queries = layer_.physics() ? training_labels_.size() * layer_.orders() : 0,
             .evaluation_queries = layer_.physics() ? test_labels_.size() * layer_.orders() : 0}};
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
    layer_.save(arrays);
    return arrays;
}

std::vector<float> ReadOutScheme::fingerprint() const {
    return {static_cast<float>(training_labels_.size()),
            static_cast<float>(test_labels_.size()),
            static_cast<float>(classes_),
            static_cast<float>(settings_.kind),
            static_cast<float>(settings_.regularisation.value_or(-1.0)),
            static_cast<float>(layer_.orders())};
}

OwnedBlock ReadOutScheme::measured_responses() const {
    if (!responses_) {
        return {};
    }
    OwnedBlock responses(layer_.outputs(), responses_->samples());
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
    if (layer_.physics() && next_step < training_chunks_) {
        OwnedBlock measured(layer_.outputs(), next_step * samples_per_chunk);
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
