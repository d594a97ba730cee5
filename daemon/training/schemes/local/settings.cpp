#include "daemon/training/schemes/local/settings.hpp"

#include "daemon/training/choices.hpp"
#include "daemon/training/input_orders.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <string>

namespace phyll::training {
namespace {

void check_data(const DataSet& data, const Split& split, Labelling labelling) {
    if (data.classes() < 2) {
        throw invalid_field("data",
                            fmt::format("{} classes; at least two are needed", data.classes()));
    }
    if (labelling == Labelling::overlay && data.label_entries < data.classes()) {
        throw invalid_field("data.label_entries",
                            fmt::format("{} entries cannot hold {} classes; give "
                                        "at least {}, or 0 for one per class",
                                        data.label_entries, data.classes(), data.classes()));
    }
    if (split.training.empty()) {
        throw invalid_field(
            "data", "no training samples are left; a smaller data.test_fraction leaves some");
    }
}

double decay(const char* field, double value) {
    const bool valid = value >= 0.0 && value < 1.0;
    if (!valid) {
        throw invalid_field(field, fmt::format("{}; valid is 0 or more, less than 1", value));
    }
    return value;
}

std::uint32_t at_least_one(const std::string& field, std::uint32_t value) {
    if (value == 0) {
        throw invalid_field(field, "0; valid is 1 or more");
    }
    return value;
}

float read_noise(double deviation) {
    if (!(deviation >= 0.0 && deviation <= 10.0)) {
        throw invalid_field("training.response_noise",
                            fmt::format("{}; valid is 0 to 10", deviation));
    }
    return static_cast<float>(deviation);
}

bool read_reuse(const std::string& text, Schedule schedule) {
    enum class Reuse { automatic, on, off };
    static constexpr Choices<Reuse, 3> choices{{
        {"auto", Reuse::automatic},
        {"run", Reuse::on},
        {"off", Reuse::off},
    }};
    const Reuse reuse = choose("training.reuse", text, choices);
    return reuse == Reuse::on || (reuse == Reuse::automatic && schedule == Schedule::greedy);
}

void read_training(LocalSettings& settings, const phyll::v1::TrainingSpec& spec,
                   std::size_t training_samples) {
    static constexpr Choices<Schedule, 2> schedules{{
        {"greedy", Schedule::greedy},
        {"simultaneous", Schedule::simultaneous},
    }};
    static constexpr Choices<bool, 2> rate_schedules{{{"constant", false}, {"cosine", true}}};
    settings.schedule = choose("training.schedule", spec.schedule(), schedules);
    settings.reuse = read_reuse(spec.reuse(), settings.schedule);
    settings.epochs = spec.epochs();
    settings.inner_steps = at_least_one("training.inner_steps", spec.inner_steps());
    settings.batch = spec.batch() == 0 ? training_samples
                                       : std::min<std::size_t>(spec.batch(), training_samples);
    settings.learning_rate = require_positive("training.learning_rate", spec.learning_rate(), 10.0);
    settings.warm_up = spec.warm_up();
    settings.response_noise = read_noise(spec.response_noise());
    settings.cosine =
        choose("training.learning_rate_schedule", spec.learning_rate_schedule(), rate_schedules);
}

/// How many of `available` are asked for; 0: all.
std::size_t so_many(const char* field, std::uint32_t asked, std::size_t available) {
    if (asked > available) {
        throw invalid_field(
            field, fmt::format("{}; there are {}, and 0 is for all of them", asked, available));
    }
    return asked == 0 ? available : asked;
}

void read_evaluation(LocalSettings& settings, const SchemeJob& job) {
    const phyll::v1::EvaluationSpec& spec = job.spec.evaluation();
    if (spec.every() > 0 && job.split.validation.empty()) {
        throw invalid_field("evaluation.every",
                            fmt::format("{}; there is no validation split to judge by: "
                                        "data.validation_samples makes one",
                                        spec.every()));
    }
    if (spec.patience() > 0 && spec.every() == 0) {
        throw invalid_field(
            "evaluation.patience",
            fmt::format("{}; nothing is judged: evaluation.every says how often", spec.patience()));
    }
    settings.validated_samples =
        so_many("evaluation.samples", spec.samples(), job.split.validation.size());
    settings.judged_samples =
        so_many("evaluation.training_samples", spec.training_samples(), job.split.training.size());
    if (spec.every() == 0) {
        return;
    }
    settings.validation = {.every = spec.every(), .patience = spec.patience()};
    std::set<std::size_t> before;
    for (const phyll::v1::PerturbSpec& perturb : job.spec.perturb()) {
        before.insert(std::max(perturb.at_epoch(), 1U) - 1);
    }
    settings.validation.before.assign(before.begin(), before.end());
}

void read_options(LocalSettings& settings, const LocalOptions& options) {
    settings.theta = require_positive("scheme.options.theta", options.theta, 1000.0);
    settings.activation = parse_activation("scheme.options.activation", options.activation);
    settings.response_scaling =
        parse_response_scaling("scheme.options.response_scale", options.response_scale);
    settings.adam = {
        .beta1 = decay("scheme.options.adam_beta1", options.adam_beta1),
        .beta2 = decay("scheme.options.adam_beta2", options.adam_beta2),
        .epsilon = require_positive("scheme.options.adam_epsilon", options.adam_epsilon, 1.0),
    };
}

/// Where a layer's inputs come from, for people.
std::string describe_inputs(std::size_t layer, const DataSet& data, Labelling labelling) {
    if (layer > 0) {
        return fmt::format("the width of layers[{}]", layer - 1);
    }
    return labelling == Labelling::overlay ? fmt::format("{} label entries and {} features",
                                                         data.label_entries, data.features())
                                           : fmt::format("{} features", data.features());
}

std::vector<LayerSettings> read_layers(const SchemeJob& job, Labelling labelling) {
    const auto& configs = job.spec.layers();
    if (configs.empty()) {
        throw invalid_field("layers", "at least one layer is needed");
    }
    if (job.rigs.size() != static_cast<std::size_t>(configs.size())) {
        throw Error(Code::internal, fmt::format("{} rigs were given for {} layers", job.rigs.size(),
                                                configs.size()));
    }
    const std::size_t label_entries = labelling == Labelling::overlay ? job.data.label_entries : 0;
    std::vector<LayerSettings> layers;
    for (const phyll::v1::LayerConfig& config : configs) {
        const std::size_t index = layers.size();
        const std::string field = fmt::format("layers[{}]", index);
        LayerSettings layer;
        layer.label_entries = index == 0 ? label_entries : 0;
        layer.inputs = index == 0 ? label_entries + job.data.features() : layers.back().width;
        layer.width = at_least_one(field + ".width", config.width());
        layer.physics = config.physics();
        layer.skip = config.physics() && config.skip();
        if (layer.physics) {
            if (!job.rigs[index]) {
                throw invalid_field(field + ".rig", "missing; a layer with physics needs a rig");
            }
            layer.rig = *job.rigs[index];
            layer.encoding = read_encoding(field + ".encoding", config.encoding());
            check_encoding(layer.encoding, field, layer.inputs,
                           describe_inputs(index, job.data, labelling), layer.rig, config.rig());
            layer.permutations = read_permutations(field + ".permutations", config, layer.rig);
        }
        layers.push_back(layer);
    }
    return layers;
}

} // namespace

double require_positive(const char* field, double value, double largest) {
    const bool valid = value > 0.0 && value <= largest;
    if (!valid) {
        throw invalid_field(field,
                            fmt::format("{}; valid is more than 0, at most {}", value, largest));
    }
    return value;
}

double LocalSettings::learning_rate_at(std::size_t epoch) const {
    const double progress = static_cast<double>(epoch) / static_cast<double>(epochs);
    const double rise =
        std::min(1.0, static_cast<double>(epoch + 1) / static_cast<double>(warm_up + 1));
    return learning_rate * rise *
           (cosine ? 0.5 * (1.0 + std::cos(std::numbers::pi * progress)) : 1.0);
}

LocalSettings read_settings(const SchemeJob& job, const LocalOptions& options,
                            Labelling labelling) {
    check_data(job.data, job.split, labelling);
    LocalSettings settings;
    settings.labelling = labelling;
    settings.seed = job.spec.seed();
    read_training(settings, job.spec.training(), job.split.training.size());
    read_evaluation(settings, job);
    read_options(settings, options);
    settings.layers = read_layers(job, labelling);
    settings.workers = job.workers;
    return settings;
}

} // namespace phyll::training
