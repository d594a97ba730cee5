#include "daemon/training/data/labelled.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace phyll::training {
namespace {

constexpr std::size_t most_classes = 4096;
constexpr std::uint64_t most_features = 1'000'000;
/// Samples are counted in 32 bits.
constexpr std::uint64_t most_samples = std::numeric_limits<std::uint32_t>::max();

[[nodiscard]] Error unfit(const std::string& message) {
    return {Code::invalid_argument, message};
}

std::size_t count_of(const RawLabels& labels) {
    return std::visit([](const auto& values) { return values.size(); }, labels);
}

void check(const Labelled& set) {
    const std::size_t labels = count_of(set.labels);
    if (labels != set.inputs.samples()) {
        throw unfit(fmt::format("{} has {} labels, but {} has {} samples", set.labels_from, labels,
                                set.inputs_from, set.inputs.samples()));
    }
}

void check_pair(const Labelled& training, const Labelled& test) {
    if (training.inputs.features() != test.inputs.features()) {
        throw unfit(fmt::format("samples of {} have {} features, those of {} have {}",
                                training.inputs_from, training.inputs.features(), test.inputs_from,
                                test.inputs.features()));
    }
    if (training.labels.index() != test.labels.index()) {
        throw unfit(fmt::format("the classes of {} and {} are numbers here and texts there",
                                training.labels_from, test.labels_from));
    }
}

std::string name_of(std::int64_t label) {
    return std::to_string(label);
}
std::string name_of(const std::string& label) {
    return label;
}

/// Fills in classes and labels from the labels of one or two sets.
template <class Label>
void name_classes(DataSet& data, const std::vector<const std::vector<Label>*>& sets,
                  const std::string& from) {
    std::set<Label> distinct;
    for (const std::vector<Label>* labels : sets) {
        for (const Label& label : *labels) {
            if (distinct.insert(label).second && distinct.size() > most_classes) {
                throw unfit(fmt::format("{} has more than {} different labels; they are classes",
                                        from, most_classes));
            }
        }
    }
    if (distinct.size() < 2) {
        throw unfit(fmt::format("{}: every sample is of class {}; at least two classes are needed",
                                from, name_of(*distinct.begin())));
    }
    const std::vector<Label> sorted(distinct.begin(), distinct.end());
    for (const Label& label : sorted) {
        data.class_names.push_back(name_of(label));
    }
    for (const std::vector<Label>* labels : sets) {
        for (const Label& label : *labels) {
            const auto place = std::ranges::lower_bound(sorted, label);
            data.labels.push_back(static_cast<std::uint32_t>(place - sorted.begin()));
        }
    }
    data.label_entries = data.classes();
}

void name_classes(DataSet& data, const Labelled& training, const std::optional<Labelled>& test) {
    std::visit(
        [&](const auto& labels) {
            using Vector = std::decay_t<decltype(labels)>;
            std::vector<const Vector*> sets{&labels};
            if (test) {
                sets.push_back(&std::get<Vector>(test->labels));
            }
            name_classes<typename Vector::value_type>(data, sets, training.labels_from);
        },
        training.labels);
}

void check_class_sizes(const DataSet& data, const std::string& from) {
    std::vector<std::size_t> sizes(data.classes());
    for (const std::uint32_t label : data.labels) {
        ++sizes[label];
    }
    const auto single = std::ranges::find(sizes, std::size_t{1});
    if (single != sizes.end()) {
        throw unfit(
            fmt::format("{}: class {} has only one sample; at least two are needed, one to "
                        "learn from and one for the test",
                        from, data.class_names[static_cast<std::size_t>(single - sizes.begin())]));
    }
}

void check_counts(const Split& split, const phyll::v1::DataSpec& spec) {
    const auto check_count = [](const char* field, const std::string& file, std::size_t asked,
                                std::size_t there, const char* purpose) {
        if (asked > there) {
            throw invalid_field(field, fmt::format("{}; {} has {} samples {}; ask for so many at "
                                                   "most, or 0 for all",
                                                   asked, file, there, purpose));
        }
    };
    check_count("data.training_samples", spec.file(), spec.training_samples(),
                split.training.size(), "to train on");
    check_count("data.test_samples", spec.test_file().empty() ? spec.file() : spec.test_file(),
                spec.test_samples(), split.test.size(), "to test on");
}

void leave_first(std::vector<std::uint32_t>& samples, std::size_t count) {
    if (count != 0) {
        samples.resize(count);
    }
}

} // namespace

Extents extents_of(std::span<const std::uint64_t> shape, const std::string& where) {
    std::uint64_t features = 1;
    for (const std::uint64_t extent : shape.subspan(1)) {
        features = extent != 0 && features > most_features / extent ? most_features + 1
                                                                    : features * extent;
    }
    const bool fits =
        shape[0] >= 1 && shape[0] <= most_samples && features >= 1 && features <= most_features;
    if (!fits) {
        throw unfit(fmt::format("{}: the shape is {}; at least 1 sample and at most {}, of 1 to {} "
                                "values, can be used",
                                where, fmt::join(shape, " x "), most_samples, most_features));
    }
    return {static_cast<std::size_t>(shape[0]), static_cast<std::size_t>(features)};
}

ImageShape image_of(std::span<const std::uint64_t> shape) {
    return {.height = static_cast<std::size_t>(shape[1]),
            .width = static_cast<std::size_t>(shape[2])};
}

void limit_drawn(Split& split, const phyll::v1::DataSpec& spec, std::uint64_t seed) {
    check_counts(split, spec);
    leave_first(split.training, spec.training_samples());
    if (spec.test_samples() != 0 && spec.test_samples() < split.test.size()) {
        KeyedRandom(seed, "test samples").shuffle(split.test, 0);
        leave_first(split.test, spec.test_samples());
        std::ranges::sort(split.test);
    }
}

SplitData assemble(const phyll::v1::DataSpec& spec, std::uint64_t seed, const Labelled& training,
                   const std::optional<Labelled>& test) {
    check(training);
    if (test) {
        check(*test);
        check_pair(training, *test);
    }
    SplitData loaded;
    loaded.data.name = spec.file();
    loaded.data.inputs = test ? training.inputs.followed_by(test->inputs) : training.inputs;
    name_classes(loaded.data, training, test);
    if (test) {
        loaded.split = split_in_order(training.inputs.samples(), test->inputs.samples());
        check_counts(loaded.split, spec);
        leave_first(loaded.split.training, spec.training_samples());
        leave_first(loaded.split.test, spec.test_samples());
        KeyedRandom(seed, "training order").shuffle(loaded.split.training, 0);
    } else {
        check_class_sizes(loaded.data, training.labels_from);
        loaded.split =
            stratified_split(loaded.data.labels, loaded.data.classes(), spec.test_fraction(), seed);
        limit_drawn(loaded.split, spec, seed);
    }
    return loaded;
}

} // namespace phyll::training
