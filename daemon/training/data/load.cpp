#include "daemon/training/data/load.hpp"

#include "daemon/training/choices.hpp"
#include "daemon/training/data/csv.hpp"
#include "daemon/training/data/vowels.hpp"

#include <fmt/format.h>

#include <vector>

namespace phyll::training {
namespace {

using phyll::v1::DataSpec;
using Loader = SplitData (*)(const DataSpec&, std::uint64_t seed, const FileReader&);

SplitData load_csv(const DataSpec& spec, std::uint64_t seed, const FileReader& read) {
    if (spec.file().empty()) {
        throw invalid_field("data.file", "missing; data of kind 'csv' is read from a file");
    }
    if (spec.label().empty()) {
        throw invalid_field("data.label", "missing; it names the column that holds the class");
    }
    const std::vector<std::string> ignored(spec.ignore().begin(), spec.ignore().end());
    SplitData loaded;
    loaded.data = parse_csv(read(spec.file()), spec.file(), spec.label(), ignored);
    loaded.split =
        stratified_split(loaded.data.labels, loaded.data.classes(), spec.test_fraction(), seed);
    return loaded;
}

SplitData load_vowels(const DataSpec& spec, std::uint64_t seed, const FileReader& /*read*/) {
    return synthetic_vowels(seed, spec.training_samples(), spec.test_samples());
}

/// One line per kind of data.
constexpr Choices<Loader, 2> kinds{{
    {"csv", load_csv},
    {"vowels", load_vowels},
}};

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
    return loaded;
}

} // namespace phyll::training
