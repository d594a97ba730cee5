#include "clients/cli/report/words.hpp"

#include "clients/cli/group_view.hpp"
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

namespace {

std::string source_words(const v1::DataSpec& data) {
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

} // namespace

std::string data_words(const v1::DataSpec& data) {
    std::string words = source_words(data);
    if (data.augment().shift() > 0) {
        words += fmt::format(", each training image measured five times: as it is and moved by {} "
                             "up, down, left and right (test images as they are)",
                             counted(data.augment().shift(), "pixel"));
    }
    return words;
}

std::string classes_words(const v1::RunResult& result) {
    constexpr int most_named = 20;
    if (result.classes().empty()) {
        return {};
    }
    const std::string number =
        count(static_cast<std::uint64_t>(result.classes_size())) + " classes";
    return result.classes_size() > most_named
               ? number
               : fmt::format("{} ({})", number, fmt::join(result.classes(), ", "));
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

std::string counted(std::uint64_t number, const std::string& what, const std::string& many) {
    return fmt::format("{} {}", count(number),
                       number == 1    ? what
                       : many.empty() ? what + "s"
                                      : many);
}

std::string spread_words(const RunFacts& facts) {
    const v1::GroupVariant* variant = variant_of(facts);
    if (variant == nullptr || variant->test_accuracy().n() < 2) {
        return "One seed: what another would change is not known.";
    }
    const v1::Estimate& test = variant->test_accuracy();
    const std::vector<std::uint64_t> seeds = seeds_of(*facts.group, *variant);
    return fmt::format("Over {} of the seeds {} (group g{}) the mean test accuracy was {}, with a "
                       "standard deviation of {} and a 95 % interval of {} ({}).",
                       test.n(), numbers_in_words(seeds), facts.run.info().group(),
                       percent(test.mean()), deviation_of(test), interval_of(test),
                       rule_words(test.rule()));
}

} // namespace phyll::cli
