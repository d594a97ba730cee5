#include "daemon/training/named_arrays.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace phyll::training {
namespace {

Error misfit(const NamedArray& array, const std::string& wanted) {
    return {Code::data_loss,
            fmt::format("the stored array '{}' has {} values of shape {}; this job needs {}",
                        array.name, array.values.size(), array.shape, wanted)};
}

} // namespace

NamedArray named_vector(std::string name, std::span<const float> values) {
    return {.name = std::move(name),
            .shape = {values.size()},
            .values = {values.begin(), values.end()}};
}

NamedArray named_block(std::string name, ConstBlock values) {
    const std::span<const float> flat = values.values();
    return {.name = std::move(name),
            .shape = {values.samples(), values.channels()},
            .values = {flat.begin(), flat.end()}};
}

ArrayReader::ArrayReader(std::span<const NamedArray> arrays) {
    for (const NamedArray& array : arrays) {
        arrays_.emplace(array.name, &array);
    }
}

const NamedArray& ArrayReader::find(std::string_view name, std::size_t rank) const {
    const auto found = arrays_.find(name);
    if (found == arrays_.end()) {
        throw Error(Code::data_loss,
                    fmt::format("there is no stored array '{}', which this job needs", name));
    }
    const NamedArray& array = *found->second;
    const std::size_t size = std::accumulate(array.shape.begin(), array.shape.end(), std::size_t{1},
                                             std::multiplies<>());
    if (array.shape.size() != rank || array.values.size() != size) {
        throw misfit(array, fmt::format("{} dimensions", rank));
    }
    return array;
}

void ArrayReader::read(std::string_view name, std::span<float> into) const {
    const NamedArray& array = find(name, 1);
    if (array.values.size() != into.size()) {
        throw misfit(array, fmt::format("{} values", into.size()));
    }
    std::copy(array.values.begin(), array.values.end(), into.begin());
}

void ArrayReader::read(std::string_view name, Block into) const {
    const NamedArray& array = find(name, 2);
    if (array.shape[0] != into.samples() || array.shape[1] != into.channels()) {
        throw misfit(array, fmt::format("shape [{}, {}]", into.samples(), into.channels()));
    }
    std::copy(array.values.begin(), array.values.end(), into.data());
}

std::vector<float> ArrayReader::read_vector(std::string_view name) const {
    return find(name, 1).values;
}

std::vector<float> ArrayReader::read_values(std::string_view name,
                                            const std::vector<std::size_t>& shape) const {
    const NamedArray& array = find(name, shape.size());
    if (array.shape != shape) {
        throw misfit(array, fmt::format("shape {}", shape));
    }
    return array.values;
}

OwnedBlock ArrayReader::read_block(std::string_view name) const {
    const NamedArray& array = find(name, 2);
    OwnedBlock block(array.shape[1], array.shape[0]);
    std::copy(array.values.begin(), array.values.end(), block.view().data());
    return block;
}

} // namespace phyll::training
