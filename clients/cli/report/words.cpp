#include "clients/cli/report/words.hpp"

#include "clients/cli/output.hpp"
#include "clients/cli/report/interval.hpp"

#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace phyll::cli {

bool is_of_instruments(const v1::RunInfo& run) {
    return run.result().evidence() == v1::HARDWARE ||
           run.result().evidence() == v1::VIRTUAL_INSTRUMENTS;
}

std::string evidence_words(const v1::RunInfo& run) {
    if (!run.has_result()) {
        return "not recorded (the run has no result)";
    }
    switch (run.result().evidence()) {
    case v1::SIMULATION:
        return "simulation (the responses were computed; no hardware was measured)";
    case v1::VIRTUAL_INSTRUMENTS:
        return "virtual instruments (programs that speak as instruments do, with simulated physics "
               "between them; no hardware was measured)";
    case v1::REPLAY:
        return "replay (the responses are a recording's own)";
    case v1::REPLAY_TWIN:
        return "replay (twin; the responses are those of a network that was fitted to a "
               "recording)";
    case v1::HARDWARE:
        return "hardware (the responses were measured on instruments)";
    default:
        return name_of(run.result().evidence());
    }
}

std::string data_words(const v1::DataSpec& data) {
    if (data.kind() == "vowels") {
        return "synthetic vowels drawn from published formant statistics";
    }
    if (data.kind() == "digits") {
        return "synthetic digits of 28 x 28 pixels";
    }
    if (data.kind() == "xor") {
        return fmt::format("the exclusive or of two of {} inputs", data.inputs());
    }
    std::string words = "the file " + in_quotes(data.file());
    if (!data.test_file().empty()) {
        words += ", tested on the file " + in_quotes(data.test_file());
    }
    return words;
}

std::string split_words(const RunFacts& facts) {
    switch (facts.run.info().test_data()) {
    case v1::DRAWN_ANEW:
        return "training and test samples were drawn from the seed";
    case v1::RANDOM_SPLIT:
        return fmt::format(
            "split at random by the seed, stratified by class, {:g} % of the samples "
            "kept for the test",
            100 * facts.run.spec().data().test_fraction());
    case v1::FIXED_TEST_SET:
        return "the test samples are a set of their own, the same for every seed";
    default:
        return "how it was split is not recorded";
    }
}

std::string scheme_words(const v1::RunSpec& spec) {
    const std::string& kind = spec.scheme().kind();
    if (kind == "phyll" || kind.empty()) {
        return "phyll (supervised physical local learning; Momeni et al., Science 382:1297, 2023)";
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
    std::string words = training.schedule() == "greedy"
                            ? counted(training.epochs(), "epoch") + " a layer, layer after layer"
                            : counted(training.epochs(), "epoch") + ", all layers on every batch";
    words += training.batch() == 0 ? ", all training samples in one batch"
                                   : fmt::format(", batches of {}", count(training.batch()));
    words += fmt::format(", {} a batch", counted(training.inner_steps(), "update"));
    // The optimiser is known by its options alone.
    const bool adam = facts.scheme_options.contains("adam_beta1");
    words += fmt::format(", {}learning rate {:g}{}", adam ? "Adam, " : "", training.learning_rate(),
                         training.learning_rate_schedule() == "cosine" ? " falling to 0 as a cosine"
                         : training.learning_rate_schedule() == "constant" ? ", constant"
                                                                           : "");
    return words;
}

std::string layer_words(const v1::LayerConfig& layer) {
    return !layer.physics() ? "without physics"
           : layer.skip()   ? "physics with skip path"
                            : "physics only";
}

std::string share_words(double share, std::uint64_t samples) {
    const auto right =
        static_cast<std::uint64_t>(std::llround(share * static_cast<double>(samples)));
    return fmt::format("{} ({} of {})", percent(share), count(right), count(samples));
}

std::string interval_words(double share, std::uint64_t samples) {
    const Interval interval = wilson_95(share, samples);
    return fmt::format("{:.1f} to {:.1f} %", 100 * interval.least, 100 * interval.most);
}

std::string channel_words(const v1::LayerSpec& spec) {
    return counted(static_cast<std::uint64_t>(spec.inputs_size()), "input") + ", " +
           counted(static_cast<std::uint64_t>(spec.outputs_size()), "output");
}

std::string counted(std::uint64_t number, const std::string& what) {
    return fmt::format("{} {}{}", count(number), what, number == 1 ? "" : "s");
}

} // namespace phyll::cli
