// How a network was built and taught.
#include "clients/cli/output.hpp"
#include "clients/cli/report/words.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace phyll::cli {
namespace {

/// An option of the scheme as it was; of a phylld that does not have it, or of another type: as if
/// it were not set.
template <class Value>
Value option(const nlohmann::json& options, const char* name, Value otherwise) {
    const auto found = options.find(name);
    if (found == options.end()) {
        return otherwise;
    }
    try {
        return found->template get<Value>();
    } catch (const nlohmann::json::exception&) {
        return otherwise;
    }
}

std::string phyll_words(const nlohmann::json& options) {
    const bool hard = option(options, "negatives", std::string()) == "hard";
    return fmt::format("phyll (supervised physical local learning; Momeni et al., Science "
                       "382:1297, 2023{})",
                       hard ? "; with hard negatives, which are not theirs: a sample is shown with "
                              "a wrong label the more often, the more goodness that has, for which "
                              "training measures every label"
                            : "");
}

/// "moved by up to 2 pixels, noise of 0.3 deviations": how the copies of a sample were made.
std::string transformations(const nlohmann::json& options) {
    const auto size = [&](const char* name) { return option(options, name, 0.0); };
    std::vector<std::string> parts;
    if (size("shift") > 0) {
        parts.push_back(fmt::format("moved by up to {:g} pixels", size("shift")));
    }
    if (size("rotation") > 0) {
        parts.push_back(fmt::format("turned by up to {:g} degrees", size("rotation")));
    }
    if (size("scale") > 0) {
        parts.push_back(fmt::format("scaled by up to {:g} %", 100 * size("scale")));
    }
    if (size("noise") > 0) {
        parts.push_back(
            fmt::format("noise of {:g} of each feature's standard deviation", size("noise")));
    }
    return parts.empty() ? "transformed by the scheme's defaults"
                         : fmt::format("{}", fmt::join(parts, ", "));
}

std::string infonce_words(const nlohmann::json& options) {
    std::string words =
        "infonce (unsupervised local learning, not the scheme of Momeni et al.: each layer learns "
        "by itself to answer two transformed copies of a sample alike, and unlike those of "
        "others, by a symmetric InfoNCE loss, van den Oord et al., arXiv 1807.03748";
    if (const double tau = option(options, "tau", 0.0); tau > 0) {
        words += fmt::format(", tau {:g}", tau);
    }
    words += fmt::format("; {} copies of each training sample, {}",
                         option(options, "copies", std::uint64_t{6}), transformations(options));
    const auto labels = option(options, "labels", std::uint64_t{0});
    return words + fmt::format("; a linear read-out, {}, of the normalised outputs of the layers "
                               "was then fitted to {} training samples)",
                               option(options, "read_out", std::string("ridge")),
                               labels == 0 ? "all" : count(labels) + " labelled");
}

std::string learning_rate_words(const RunFacts& facts) {
    const v1::TrainingSpec& training = facts.run.spec().training();
    // The optimiser is known by its options alone.
    const bool adam = facts.scheme_options.contains("adam_beta1");
    return fmt::format(
        ", {}learning rate {:g}{}{}", adam ? "Adam, " : "", training.learning_rate(),
        training.learning_rate_schedule() == "cosine"     ? " falling to 0 as a cosine"
        : training.learning_rate_schedule() == "constant" ? ", constant"
                                                          : "",
        training.warm_up() > 0 ? " after rising for " + counted(training.warm_up(), "epoch") : "");
}

} // namespace

std::string scheme_words(const RunFacts& facts) {
    const std::string& kind = facts.run.spec().scheme().kind();
    if (kind == "phyll" || kind.empty()) {
        return phyll_words(facts.scheme_options);
    }
    if (kind == "prototypes") {
        return "prototypes (supervised local learning without labels in the input, not the scheme "
               "of Momeni et al.: each layer learns by itself to answer a sample along a fixed "
               "random direction of its class, by a cosine soft-max, as in FFzero, arXiv "
               "2603.24790)";
    }
    if (kind == "infonce") {
        return infonce_words(facts.scheme_options);
    }
    if (kind == "ridge") {
        return "ridge (a linear read-out, fitted by least squares with a quadratic penalty)";
    }
    if (kind == "softmax") {
        return "softmax (a linear read-out, fitted by logistic regression with a quadratic "
               "penalty)";
    }
    return kind;
}

bool has_epochs(const v1::RunSpec& spec) {
    return spec.scheme().kind() != "ridge" && spec.scheme().kind() != "softmax";
}

std::string training_words(const RunFacts& facts) {
    const v1::TrainingSpec& training = facts.run.spec().training();
    if (training.epochs() == 0) {
        return "none, the layers stayed as they were drawn";
    }
    std::string words = training.schedule() == "greedy"
                            ? counted(training.epochs(), "epoch") + " a layer, layer after layer"
                            : counted(training.epochs(), "epoch") + ", all layers on every batch";
    words += training.batch() == 0 ? ", all training samples in one batch"
                                   : fmt::format(", batches of {}", count(training.batch()));
    words += fmt::format(", {} a batch", counted(training.inner_steps(), "update"));
    words += learning_rate_words(facts);
    if (training.response_noise() > 0) {
        words += fmt::format(", fresh noise added to the responses in every step, {:g} of "
                             "their scale",
                             training.response_noise());
    }
    return words;
}

std::string validation_words(const v1::RunSpec& spec) {
    const std::uint32_t samples = spec.data().validation_samples();
    if (samples == 0) {
        return {};
    }
    const v1::EvaluationSpec& evaluation = spec.evaluation();
    std::string words = counted(samples, "more sample") + " kept for validation";
    if (evaluation.every() > 0) {
        words += fmt::format(", judged every {}", counted(evaluation.every(), "epoch"));
    }
    if (evaluation.patience() > 0) {
        words += fmt::format("; training ended after {} without a gain, and the best weights were "
                             "taken",
                             counted(evaluation.patience(), "judgement"));
    }
    return words;
}

std::string layer_words(const v1::LayerConfig& layer) {
    return !layer.physics() ? "without physics"
           : layer.skip()   ? "physics with skip path"
                            : "physics only";
}

std::string encoding_words(const v1::Encoding& encoding) {
    if (encoding.kind() == "quantise") {
        return fmt::format("quantise ({} bits, {})", encoding.bits(), encoding.code());
    }
    if (encoding.kind() == "phase") {
        return fmt::format("phase (0 to {:.4g} rad)", encoding.phase_range());
    }
    return encoding.kind();
}

std::string permutation_words(const v1::LayerConfig& layer) {
    return layer.permutations() > 1
               ? fmt::format("asked {} times about each input, every time with its inputs in "
                             "another fixed order",
                             layer.permutations())
               : "";
}

std::string perturb_words(const v1::RunSpec& spec) {
    std::vector<std::string> sentences;
    for (const v1::PerturbSpec& perturb : spec.perturb()) {
        sentences.push_back(fmt::format(
            "The simulated rig {} was displaced before epoch {}{}, until its responses correlated "
            "with the nominal ones by {:g}.",
            perturb.rig(), count(perturb.at_epoch()),
            spec.training().schedule() == "greedy" && spec.layers_size() > 1
                ? " (counted over all layers)"
                : "",
            1 - perturb.fraction()));
    }
    return fmt::format("{}", fmt::join(sentences, " "));
}

} // namespace phyll::cli
