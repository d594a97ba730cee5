#include "daemon/training/schemes/local/progress.hpp"

#include <fmt/format.h>

#include <array>

namespace phyll::training {
namespace {

/// 64 bits in parts that float32 holds exactly.
constexpr unsigned part_bits = 22;

std::array<float, 3> to_floats(std::uint64_t value) {
    constexpr std::uint64_t mask = (std::uint64_t{1} << part_bits) - 1;
    return {static_cast<float>(value >> (2 * part_bits)),
            static_cast<float>((value >> part_bits) & mask), static_cast<float>(value & mask)};
}

std::uint64_t from_floats(const std::array<float, 3>& parts) {
    std::uint64_t value = 0;
    for (const float part : parts) {
        value = (value << part_bits) | static_cast<std::uint64_t>(part);
    }
    return value;
}

std::string collected_name(std::size_t layer) {
    return fmt::format("progress/layer{}/collected", layer + 1);
}

} // namespace

void Progress::save(std::vector<NamedArray>& arrays) const {
    arrays.push_back(named_vector("progress/next_step", to_floats(next_step)));
    arrays.push_back(named_block("progress/inputs", inputs.view()));
    arrays.push_back(named_block("progress/next_inputs", next_inputs.view()));
    arrays.push_back(named_vector("progress/prior_goodness", prior_goodness));
    arrays.push_back(named_block("progress/flow", flow.view()));
    arrays.push_back(named_vector("progress/flow_goodness", flow_goodness));
    for (std::size_t l = 0; l < collected.size(); ++l) {
        arrays.push_back(named_block(collected_name(l), collected[l].view()));
    }
    arrays.push_back(named_vector("progress/batch_loss", batch_loss));
    arrays.push_back(named_vector("progress/batch_pair_hits", batch_pair_hits));
    arrays.push_back(named_vector("progress/batch_label_hits", batch_label_hits));
}

void Progress::restore(const ArrayReader& arrays) {
    std::array<float, 3> parts{};
    arrays.read("progress/next_step", parts);
    next_step = from_floats(parts);
    inputs = arrays.read_block("progress/inputs");
    next_inputs = arrays.read_block("progress/next_inputs");
    prior_goodness = arrays.read_vector("progress/prior_goodness");
    flow = arrays.read_block("progress/flow");
    flow_goodness = arrays.read_vector("progress/flow_goodness");
    for (std::size_t l = 0; l < collected.size(); ++l) {
        arrays.read(collected_name(l), collected[l].view());
    }
    batch_loss = arrays.read_vector("progress/batch_loss");
    batch_pair_hits = arrays.read_vector("progress/batch_pair_hits");
    batch_label_hits = arrays.read_vector("progress/batch_label_hits");
}

} // namespace phyll::training
