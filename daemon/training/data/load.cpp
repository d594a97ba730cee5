#include "daemon/training/data/load.hpp"

#include "daemon/training/choices.hpp"
#include "daemon/training/data/augment.hpp"
#include "daemon/training/data/csv.hpp"
#include "daemon/training/data/digits.hpp"
#include "daemon/training/data/exclusive_or.hpp"
#include "daemon/training/data/idx.hpp"
#include "daemon/training/data/labelled.hpp"
#include "daemon/training/data/numpy.hpp"
#include "daemon/training/data/vowels.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

namespace phyll::training {
namespace {

using phyll::v1::DataSpec;
using Loader = SplitData (*)(const DataSpec&, std::uint64_t seed, const FileReader&);

/// A table is parsed as a whole.
constexpr std::uint64_t largest_table = std::uint64_t{1} << 30U;

SplitData load_csv(const DataSpec& spec, std::uint64_t seed, const FileReader& read) {
    if (spec.file().empty()) {
        throw invalid_field("data.file", "missing; data of kind 'csv' is read from a file");
    }
    if (spec.label().empty()) {
        throw invalid_field("data.label", "missing; it names the column that holds the class");
    }
    const std::vector<std::string> ignored(spec.ignore().begin(), spec.ignore().end());
    SplitData loaded;
    loaded.data = parse_csv(read(spec.file()).text(spec.file(), largest_table), spec.file(),
                            spec.label(), ignored);
    loaded.split =
        stratified_split(loaded.data.labels, loaded.data.classes(), spec.test_fraction(), seed);
    limit_drawn(loaded.split, spec, seed);
    return loaded;
}

/// How many samples of a built-in set are asked for.
struct Counts {
    std::size_t training;
    std::size_t test;
};

/// `least` is one per class.
Counts counts(const DataSpec& spec, const Counts& usual, std::uint32_t least) {
    const auto count = [&](const char* field, std::uint32_t asked, std::size_t otherwise) {
        if (asked != 0 && asked < least) {
            throw invalid_field(field, fmt::format("{}; {} need at least {}, or 0 for {}", asked,
                                                   spec.kind(), least, otherwise));
        }
        return asked == 0 ? otherwise : asked;
    };
    return {count("data.training_samples", spec.training_samples(), usual.training),
            count("data.test_samples", spec.test_samples(), usual.test)};
}

SplitData load_vowels(const DataSpec& spec, std::uint64_t seed, const FileReader& /*read*/) {
    const auto [training, test] = counts(spec, {420, 2100}, 7);
    return synthetic_vowels(seed, training, test);
}

SplitData load_digits(const DataSpec& spec, std::uint64_t seed, const FileReader& /*read*/) {
    const auto [training, test] = counts(spec, {10'000, 2000}, 10);
    return drawn_digits(seed, training, test);
}

SplitData load_exclusive_or(const DataSpec& spec, std::uint64_t seed, const FileReader& /*read*/) {
    ExclusiveOr task;
    task.inputs = spec.has_inputs() ? spec.inputs() : task.inputs;
    if (task.inputs < 2) {
        throw invalid_field("data.inputs", fmt::format("{}; at least 2", task.inputs));
    }
    if (spec.pair_size() != 0) {
        const bool usable = spec.pair_size() == 2 && spec.pair(0) != spec.pair(1) &&
                            spec.pair(0) < task.inputs && spec.pair(1) < task.inputs;
        if (!usable) {
            throw invalid_field("data.pair",
                                fmt::format("[{}]; two different inputs from 0 to {} are needed",
                                            fmt::join(spec.pair(), ", "), task.inputs - 1));
        }
        task.pair = {spec.pair(0), spec.pair(1)};
    }
    const auto [training, test] = counts(spec, {400, 400}, 4);
    return exclusive_or(task, seed, training, test);
}

/// One line per kind of data.
constexpr Choices<Loader, 6> kinds{{
    {"csv", load_csv},
    {"digits", load_digits},
    {"idx", load_idx},
    {"numpy", load_numpy},
    {"vowels", load_vowels},
    {"xor", load_exclusive_or},
}};

/// The training samples come in random order, so that the last of them are as good as any.
void hold_out_validation(Split& split, std::uint32_t samples) {
    if (samples == 0) {
        return;
    }
    if (samples >= split.training.size()) {
        throw invalid_field("data.validation_samples",
                            fmt::format("{}; there are {} training samples, and some have to be "
                                        "left: valid is 0 to {}",
                                        samples, split.training.size(), split.training.size() - 1));
    }
    const auto first = split.training.end() - static_cast<std::ptrdiff_t>(samples);
    split.validation.assign(first, split.training.end());
    split.training.erase(first, split.training.end());
}

} // namespace

SplitData load_data(const DataSpec& spec, std::uint64_t seed, const FileReader& read) {
    SplitData loaded = choose("data.kind", spec.kind(), kinds)(spec, seed, read);
    const std::size_t classes = loaded.data.classes();
    if (spec.label_entries() != 0) {
        if (spec.label_entries() < classes) {
            throw invalid_field("data.label_entries",
                                fmt::format("{} entries cannot hold {} classes; give at least {}, "
                                            "or 0 for one per class",
                                            spec.label_entries(), classes, classes));
        }
        loaded.data.label_entries = spec.label_entries();
    }
    hold_out_validation(loaded.split, spec.validation_samples());
    augment(loaded, spec);
    return loaded;
}

} // namespace phyll::training
