#include "daemon/training/schemes/infonce/infonce_scheme.hpp"

#include "daemon/training/choices.hpp"
#include "daemon/training/contrast.hpp"
#include "daemon/training/operations.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

namespace phyll::training {
namespace {

/// A batch of so many samples has the similarities of 16 million pairs.
constexpr std::size_t largest_batch = 4096;

TransformationSettings transformations_of(const SchemeJob& job, const v1::InfonceOptions& options) {
    const bool images = job.data.inputs.image().has_value();
    TransformationSettings settings =
        images ? TransformationSettings{.shift = 2.0, .rotation = 15.0, .scale = 0.1}
               : TransformationSettings{.noise = 0.3};
    const auto take = [&](const char* name, bool given, double value, double& into,
                          bool of_images) {
        if (!given) {
            return;
        }
        if (of_images && !images && value != 0.0) {
            throw invalid_field(fmt::format("scheme.options.{}", name),
                                fmt::format("{}; these samples are no images: valid is 0", value));
        }
        into = value;
    };
    take("shift", options.has_shift(), options.shift(), settings.shift, true);
    take("rotation", options.has_rotation(), options.rotation(), settings.rotation, true);
    take("scale", options.has_scale(), options.scale(), settings.scale, true);
    take("noise", options.has_noise(), options.noise(), settings.noise, false);
    return settings;
}

std::size_t labelled_of(const LocalSettings& settings, std::uint32_t asked) {
    if (asked > settings.judged_samples) {
        throw invalid_field(
            "scheme.options.labels",
            fmt::format("{}; {} training samples are there to be judged (evaluation."
                        "training_samples), and 0 is for all of them",
                        asked, settings.judged_samples));
    }
    return asked == 0 ? settings.judged_samples : asked;
}

ReadOutKind kind_of(const v1::InfonceOptions& options) {
    static constexpr Choices<ReadOutKind, 2> read_outs{
        {{"ridge", ReadOutKind::ridge}, {"softmax", ReadOutKind::softmax}}};
    return choose("scheme.options.read_out", options.read_out(), read_outs);
}

/// The copies of the training samples, sample after sample.
Samples copies_of(const SchemeJob& job, const TransformationSettings& settings,
                  std::size_t copies) {
    const auto made = std::make_shared<const Transformations>(job.data.inputs, job.split.training,
                                                              settings, job.spec.seed());
    return {job.data.features(), job.split.training.size() * copies,
            [made, copies](std::size_t place, std::span<float> into) {
                made->read(place / copies, place % copies, 0, into);
            }};
}

std::size_t total_width(const LocalSettings& settings) {
    return std::accumulate(
        settings.layers.begin(), settings.layers.end(), std::size_t{0},
        [](std::size_t sum, const LayerSettings& layer) { return sum + layer.width; });
}

} // namespace

LocalSettings InfonceScheme::settings_of(const SchemeJob& job, const v1::InfonceOptions& options) {
    refuse_validation(job, "nothing but the read-out knows labels, and it is fitted in the end");
    LocalSettings settings = read_settings(job,
                                           {.theta = 1.0, // there is no goodness
                                            .activation = options.activation(),
                                            .response_scale = options.response_scale(),
                                            .adam_beta1 = options.adam_beta1(),
                                            .adam_beta2 = options.adam_beta2(),
                                            .adam_epsilon = options.adam_epsilon()},
                                           Labelling::copies);
    if (job.split.shown_as > 1) {
        throw invalid_field("data.augment.shift",
                            "infonce makes copies of its own, scheme.options.shift: valid is 0");
    }
    if (settings.batch > largest_batch || settings.batch < 2) {
        throw invalid_field("training.batch",
                            fmt::format("{} samples; each is compared with all others of its "
                                        "batch: valid is 2 to {}",
                                        settings.batch, largest_batch));
    }
    if (options.copies() < 2) {
        throw invalid_field("scheme.options.copies",
                            fmt::format("{}; two are compared: at least 2", options.copies()));
    }
    settings.copies = options.copies();
    settings.directions = 0;
    return settings;
}

InfonceScheme::InfonceScheme(const SchemeJob& job, const v1::InfonceOptions& options)
    : LocalScheme(job, settings_of(job, options)),
      tau_(require_positive("scheme.options.tau", options.tau(), 100.0)),
      copies_(settings().copies),
      transformations_(transformations_of(job, options)),
      labelled_(labelled_of(settings(), options.labels())),
      settings_of_read_out_{.kind = kind_of(options),
                            .regularisation = options.has_regularisation()
                                                  ? std::optional(options.regularisation())
                                                  : std::nullopt,
                            .seed = job.spec.seed(),
                            .workers = job.workers},
      read_out_{.weights = OwnedBlock(total_width(settings()), job.data.classes()),
                .bias = std::vector<float>(job.data.classes())} {
    std::vector<std::uint32_t> all(job.split.training.size() * copies_);
    std::iota(all.begin(), all.end(), 0U);
    copied_.emplace(copies_of(job, transformations_, copies_), layers().scaling(), std::move(all));
}

LocalOutcome InfonceScheme::learn_batch(LocalLayer& layer, const Task& /*task*/,
                                        ConstBlock features, const LearningSteps& how) {
    return layer.learn(features, layer.contrast_loss(tau_), how);
}

void InfonceScheme::add_facts(std::vector<float>& facts) const {
    for (const double fact :
         {tau_, transformations_.shift, transformations_.rotation, transformations_.scale,
          transformations_.noise, settings_of_read_out_.regularisation.value_or(-1.0)}) {
        facts.push_back(static_cast<float>(fact));
    }
    facts.push_back(static_cast<float>(copies_));
    facts.push_back(static_cast<float>(labelled_));
    facts.push_back(static_cast<float>(settings_of_read_out_.kind));
}

OwnedBlock InfonceScheme::first_inputs(const Scores& scores,
                                       std::span<const Column> columns) const {
    OwnedBlock inputs(scores.features(), columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto [sample, copy] = columns[i];
        if (copy == Origin::no_label) {
            scores.read(sample, inputs.sample(i));
        } else {
            copied_->read(sample * copies_ + copy, inputs.sample(i));
        }
    }
    return inputs;
}

// ---- The read-out

std::vector<float> InfonceScheme::say(const LocalLayer& layer, ConstBlock z,
                                      std::span<const float> before) const {
    const OwnedBlock unit = unit_activity(layer.activation(), z);
    const std::size_t known = before.size() / z.samples();
    std::vector<float> said;
    said.reserve(before.size() + unit.view().size());
    for (std::size_t i = 0; i < z.samples(); ++i) {
        const std::span<const float> earlier = before.subspan(i * known, known);
        said.insert(said.end(), earlier.begin(), earlier.end());
        said.insert(said.end(), unit.sample(i).begin(), unit.sample(i).end());
    }
    return said;
}

double InfonceScheme::judge(const Task& task, std::span<const std::uint32_t> samples,
                            std::span<const float> said) {
    const ConstBlock features(said.data(), seen(), samples.size());
    if (task.on_test) {
        count(task, samples, features);
        return affine_operations(seen(), selection().classes(), samples.size());
    }
    if (features_.samples() == 0) {
        features_ = OwnedBlock(seen(), labelled_);
    }
    for (std::size_t i = 0; i < samples.size() && samples[i] < labelled_; ++i) {
        std::ranges::copy(features.sample(i), features_.sample(samples[i]).begin());
    }
    if (!task.last_part) {
        return 0.0;
    }
    const double operations = fit();
    std::vector<std::uint32_t> all(labelled_);
    std::iota(all.begin(), all.end(), 0U);
    count(task, all, std::as_const(features_).view());
    features_ = {};
    return operations + affine_operations(seen(), selection().classes(), labelled_);
}

double InfonceScheme::fit() {
    read_out_ = fit_read_out(std::as_const(features_).view(),
                             std::span(selection().training_labels()).first(labelled_),
                             selection().classes(), settings_of_read_out_);
    return read_out_.operations;
}

void InfonceScheme::count(const Task& task, std::span<const std::uint32_t> samples,
                          ConstBlock features) {
    const OwnedBlock scores = read_out_.scores(features);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        judged().add(selection().labels(task)[samples[i]], scores.sample(i));
    }
}

// ---- What is stored

void InfonceScheme::save_more(std::vector<NamedArray>& network) const {
    const auto regularisation = static_cast<float>(read_out_.regularisation);
    network.push_back(named_block("read_out/weights", read_out_.weights.view()));
    network.push_back(named_vector("read_out/bias", read_out_.bias));
    network.push_back(named_vector("read_out/regularisation", std::span(&regularisation, 1)));
}

void InfonceScheme::save_progress(std::vector<NamedArray>& state) const {
    state.push_back(named_block("progress/read_out_features", features_.view()));
}

void InfonceScheme::restore_more(const ArrayReader& arrays) {
    ReadOut read_out = read_out_;
    float regularisation = 0.0F;
    arrays.read("read_out/weights", read_out.weights.view());
    arrays.read("read_out/bias", read_out.bias);
    arrays.read("read_out/regularisation", std::span(&regularisation, 1));
    OwnedBlock features = arrays.read_block("progress/read_out_features");
    const bool fits = features.samples() == 0 ||
                      (features.samples() == labelled_ && features.channels() == seen());
    if (!fits) {
        throw Error(Code::data_loss,
                    fmt::format("the stored array 'progress/read_out_features' is of {} samples "
                                "of {} numbers; this job needs {} of {}",
                                features.samples(), features.channels(), labelled_, seen()));
    }
    read_out.regularisation = static_cast<double>(regularisation);
    read_out_ = std::move(read_out);
    features_ = std::move(features);
}

} // namespace phyll::training
