#include "clients/cli/report/methods.hpp"

#include "clients/cli/output.hpp"
#include "clients/cli/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace phyll::cli {
namespace {

std::string network_sentence(const v1::RunSpec& spec) {
    std::vector<std::string> layers;
    int number = 0;
    for (const v1::LayerConfig& layer : spec.layers()) {
        std::string words = fmt::format("layer {}: {}", ++number, layer_words(layer));
        if (layer.physics()) {
            words += fmt::format(" on the rig {}, encoding {}", layer.rig(),
                                 encoding_words(layer.encoding()));
            const std::string permutations = permutation_words(layer);
            words += permutations.empty() ? "" : ", " + permutations;
        }
        if (has_epochs(spec)) {
            words += fmt::format(", width {}", layer.width());
        }
        layers.push_back(words);
    }
    return fmt::format("The network had {} ({}).",
                       counted(static_cast<std::uint64_t>(spec.layers_size()), "layer"),
                       fmt::join(layers, "; "));
}

/// Of each rig: what it is, in the words of its evidence.
std::string rigs_sentence(const RunFacts& facts) {
    std::string out;
    for (const RigFacts& rig : facts.rigs) {
        const v1::LayerSpec& spec = rig.spec;
        const char* is =
            spec.evidence() == v1::SIMULATION            ? "a simulation"
            : spec.evidence() == v1::HARDWARE            ? "made of instruments"
            : spec.evidence() == v1::VIRTUAL_INSTRUMENTS ? "made of virtual instruments"
            : spec.evidence() == v1::REPLAY              ? "a recording"
            : spec.evidence() == v1::REPLAY_TWIN ? "a network that was fitted to a recording"
                                                 : "of a kind that is not recorded";
        out += fmt::format(" The rig {} ({}, {}) is {}.", rig.name, spec.kind(),
                           channel_words(spec), is);
    }
    return out;
}

std::string evidence_of_sentence(const v1::RunInfo& info) {
    const auto& of = info.result().evidence_of();
    if (of.empty()) {
        return is_of_instruments(info) ? " Which instruments took part is not recorded." : "";
    }
    return fmt::format(" {}: {}.", is_of_instruments(info) ? "Instruments" : "Recordings",
                       fmt::join(of, "; "));
}

std::string costs_sentence(const RunFacts& facts) {
    const v1::RunResult& result = facts.run.info().result();
    const std::uint32_t repeats = std::max(1U, facts.run.spec().training().repeats());
    std::string out = fmt::format(" The rigs were queried {} for training and {} for evaluation",
                                  counted(result.training_queries(), "time"),
                                  counted(result.evaluation_queries(), "time"));
    if (result.sentinel_queries() > 0) {
        out += fmt::format(", and {} for sentinels", counted(result.sentinel_queries(), "time"));
    }
    out += repeats > 1 ? fmt::format("; each stimulus was measured {} times, and the network saw "
                                     "the mean.",
                                     repeats)
                       : ".";
    if (result.reused_from() > 0) {
        out += fmt::format(" {} were answered from the journal of run {}.",
                           counted(result.reused_from(), "stimulus", "stimuli"),
                           facts.run.spec().training().reuse_from());
    }
    if (!result.eras().empty()) {
        out += fmt::format(" {} ended under the run, since a rig had changed.",
                           counted(static_cast<std::uint64_t>(result.eras_size()), "era"));
    }
    return out;
}

std::string with_interval(double share, std::uint64_t samples) {
    return fmt::format("{} (95 % interval {})", percent(share), interval_words(share, samples));
}

std::string accuracy_sentences(const v1::RunReply& run) {
    const v1::RunResult& result = run.info().result();
    std::vector<std::string> measured;
    std::vector<std::string> missing;
    const std::vector<AccuracyRow> rows = accuracies_of(run);
    for (auto row = rows.begin() + 1; row != rows.end(); ++row) {
        if (row->test) {
            measured.push_back(row->name + " " + with_interval(*row->test, result.test_samples()));
        } else if (row->instead == AccuracyRow().instead) {
            missing.push_back(row->name);
        }
    }
    std::string out = fmt::format(
        " The test accuracy was {} (Wilson 95 % interval {}, the sampling error of the test set "
        "alone); on the training samples it was {}.",
        share_words(result.test_accuracy(), result.test_samples()),
        interval_words(result.test_accuracy(), result.test_samples()),
        share_words(result.train_accuracy(), result.train_samples()));
    if (!measured.empty()) {
        out += fmt::format(" On the same split: {}.", fmt::join(measured, "; "));
    }
    if (!missing.empty()) {
        out += fmt::format(" Not measured: {}.", fmt::join(missing, ", "));
    }
    return out;
}

std::string versions_sentence(const v1::RunInfo& info) {
    const v1::Conditions& conditions = info.conditions();
    if (conditions.version().empty()) {
        return " The version of phylld is not recorded.";
    }
    return fmt::format(" Software: phylld {}, kernels {} on {}.", conditions.version(),
                       conditions.kernel_level(), conditions.cpu_model());
}

} // namespace

std::string methods_paragraph(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    const v1::RunSpec& spec = facts.run.spec();
    std::string out;
    if (info.kind() == v1::TRAINING) {
        const std::string classes = classes_words(info.result());
        const std::string perturbed = perturb_words(spec);
        const std::string validation = validation_words(spec);
        out = network_sentence(spec) + " Scheme: " + scheme_words(facts) + ".";
        out += has_epochs(spec) ? " Training: " + training_words(facts) + "." : "";
        out += fmt::format(" Data: {}{}; {}{}; seed {}.", data_words(spec.data()),
                           classes.empty() ? "" : ", " + classes, split_words(facts),
                           validation.empty() ? "" : "; " + validation, info.seed());
        out += perturbed.empty() ? "" : " " + perturbed;
    } else {
        out =
            fmt::format("Run {} is of the kind '{}': what it asked was its client's own, with seed "
                        "{}.",
                        info.run(), name_of(info.kind()), info.seed());
    }
    out += rigs_sentence(facts);
    out += " Evidence: " + evidence_words(info) + "." + evidence_of_sentence(info);
    if (!info.has_result()) {
        return out + fmt::format(" The run is {} and has no result.", name_of(info.state())) +
               versions_sentence(info);
    }
    if (has_accuracy(info)) {
        out += fmt::format(" There were {} and {}.",
                           counted(info.result().train_samples(), "training sample"),
                           counted(info.result().test_samples(), "test sample"));
    }
    out += costs_sentence(facts);
    if (has_accuracy(info)) {
        out += accuracy_sentences(facts.run);
        out += " " + spread_words(facts);
    }
    return out + versions_sentence(info);
}

} // namespace phyll::cli
