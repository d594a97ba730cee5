#include "stimuli.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace phyll::cli {
namespace {

/// Names of inputs that one message lists.
constexpr int most_names = 24;

std::string with_unit(const v1::DriveChannel& channel) {
    return fmt::format("{} [{}]", channel.name(), channel.unit());
}

std::string valid_names(const v1::LayerSpec& rig) {
    std::string list;
    for (int i = 0; i < std::min(rig.inputs_size(), most_names); ++i) {
        list += fmt::format("{}'{}'", i == 0 ? "" : ", ", with_unit(rig.inputs(i)));
    }
    return rig.inputs_size() <= most_names
               ? list
               : fmt::format("{}, ... ({} in all)", list, rig.inputs_size());
}

/// The input of each column of a header.
std::vector<int> match(const CsvNumbers& numbers, const v1::LayerSpec& rig) {
    std::map<std::string, int> input_of;
    for (int i = 0; i < rig.inputs_size(); ++i) {
        input_of.emplace(rig.inputs(i).name(), i);
        input_of.emplace(with_unit(rig.inputs(i)), i);
    }
    std::vector<int> inputs;
    std::set<int> named;
    std::vector<std::string> problems;
    for (const std::string& field : numbers.header) {
        const auto found = input_of.find(std::string(trimmed(field, " \t")));
        if (found == input_of.end()) {
            problems.push_back(fmt::format("{} is unknown", in_quotes(field)));
        } else if (!named.insert(found->second).second) {
            problems.push_back(fmt::format("{} is there twice", in_quotes(field)));
        } else {
            inputs.push_back(found->second);
        }
    }
    for (int i = 0; i < rig.inputs_size(); ++i) {
        if (!named.contains(i)) {
            problems.push_back(fmt::format("{} is missing", in_quotes(rig.inputs(i).name())));
        }
    }
    if (!problems.empty()) {
        const auto shown = std::min<std::size_t>(problems.size(), most_names);
        throw Error(
            Code::invalid_argument,
            fmt::format("{}: the header must name each input once: {}{}; valid are {}",
                        numbers.file,
                        fmt::join(problems.begin(),
                                  problems.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                        shown < problems.size() ? ", ..." : "", valid_names(rig)));
    }
    return inputs;
}

float to_float(double value) {
    constexpr double largest = std::numeric_limits<float>::max();
    constexpr float infinity = std::numeric_limits<float>::infinity();
    return value > largest ? infinity : value < -largest ? -infinity : static_cast<float>(value);
}

float drive_of(double value, const v1::DriveChannel& channel, std::size_t sample, int input,
               const CsvNumbers& numbers) {
    const double low = std::min(channel.at_zero(), channel.at_one());
    const double high = std::max(channel.at_zero(), channel.at_one());
    if (!(value >= low && value <= high)) { // nor a number that is none
        throw Error(Code::invalid_argument,
                    fmt::format("{}: sample {}, channel {} '{}': {} {}; valid is {} to {} {}",
                                numbers.file, sample, input, channel.name(), value, channel.unit(),
                                low, high, channel.unit()));
    }
    return high > low ? static_cast<float>((value - channel.at_zero()) /
                                           (channel.at_one() - channel.at_zero()))
                      : 0.0F;
}

} // namespace

OwnedBlock drives_of(const CsvNumbers& numbers, const v1::LayerSpec& rig, Units units) {
    std::vector<int> inputs;
    if (!numbers.header.empty()) {
        inputs = match(numbers, rig);
    } else {
        if (units == Units::physical &&
            numbers.columns != static_cast<std::size_t>(rig.inputs_size())) {
            throw Error(Code::invalid_argument,
                        fmt::format("{}: {} values per sample, but the rig has {} inputs: {}",
                                    numbers.file, numbers.columns, rig.inputs_size(),
                                    valid_names(rig)));
        }
        for (std::size_t column = 0; column < numbers.columns; ++column) {
            inputs.push_back(static_cast<int>(column));
        }
    }
    OwnedBlock drives(numbers.columns, numbers.samples());
    for (std::size_t i = 0; i < numbers.samples(); ++i) {
        for (std::size_t column = 0; column < numbers.columns; ++column) {
            const int input = inputs[column];
            const double value = numbers.sample(i)[column];
            drives.sample(i)[static_cast<std::size_t>(input)] =
                units == Units::drive ? to_float(value)
                                      : drive_of(value, rig.inputs(input), i, input, numbers);
        }
    }
    return drives;
}

} // namespace phyll::cli
