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

std::string flow_name(std::size_t layer, std::size_t place) {
    return fmt::format("progress/layer{}/flow{}", layer + 1, place + 1);
}

void save_flow(const std::vector<std::vector<InFlight>>& flow, std::vector<NamedArray>& arrays) {
    std::vector<float> counts;
    for (std::size_t l = 0; l < flow.size(); ++l) {
        counts.push_back(static_cast<float>(flow[l].size()));
        for (std::size_t i = 0; i < flow[l].size(); ++i) {
            arrays.push_back(named_block(flow_name(l, i) + "/inputs", flow[l][i].inputs.view()));
            arrays.push_back(named_vector(flow_name(l, i) + "/said", flow[l][i].said));
            const std::array<float, 3> part = to_floats(flow[l][i].part);
            arrays.push_back(named_vector(flow_name(l, i) + "/part", part));
        }
    }
    arrays.push_back(named_vector("progress/flow", counts));
}

void restore_flow(std::vector<std::vector<InFlight>>& flow, const ArrayReader& arrays) {
    std::vector<float> counts(flow.size());
    arrays.read("progress/flow", counts);
    for (std::size_t l = 0; l < flow.size(); ++l) {
        flow[l].clear();
        for (std::size_t i = 0; i < static_cast<std::size_t>(counts[l]); ++i) {
            std::array<float, 3> part{};
            arrays.read(flow_name(l, i) + "/part", part);
            flow[l].push_back({.part = from_floats(part),
                               .inputs = arrays.read_block(flow_name(l, i) + "/inputs"),
                               .said = arrays.read_vector(flow_name(l, i) + "/said")});
        }
    }
}

constexpr const char* best_prefix = "progress/best/";

void save_validation(const ValidationProgress& validation, std::vector<NamedArray>& arrays) {
    const std::array<float, 5> numbers{validation.hits_before, validation.best_hits,
                                       validation.since_best, validation.stopped ? 1.0F : 0.0F,
                                       validation.best.empty() ? 0.0F : 1.0F};
    arrays.push_back(named_vector("progress/validation", numbers));
    for (const NamedArray& array : validation.best) {
        arrays.push_back(
            {.name = best_prefix + array.name, .shape = array.shape, .values = array.values});
    }
}

void restore_validation(ValidationProgress& validation, const ArrayReader& arrays,
                        const std::vector<NamedArray>& network) {
    std::array<float, 5> numbers{};
    arrays.read("progress/validation", numbers);
    validation = {.hits_before = numbers[0],
                  .best_hits = numbers[1],
                  .since_best = numbers[2],
                  .stopped = numbers[3] != 0.0F};
    if (numbers[4] != 0.0F) {
        validation.best = network;
        for (NamedArray& array : validation.best) {
            array.values = arrays.read_values(best_prefix + array.name, array.shape);
        }
    }
}

} // namespace

void Progress::save(std::vector<NamedArray>& arrays) const {
    arrays.push_back(named_vector("progress/next_step", to_floats(next_step)));
    arrays.push_back(named_block("progress/inputs", inputs.view()));
    arrays.push_back(named_block("progress/next_inputs", next_inputs.view()));
    arrays.push_back(named_vector("progress/prior_goodness", prior_goodness));
    save_flow(flow, arrays);
    for (std::size_t l = 0; l < collected.size(); ++l) {
        arrays.push_back(named_block(collected_name(l), collected[l].view()));
    }
    arrays.push_back(named_vector("progress/batch_loss", batch_loss));
    arrays.push_back(named_vector("progress/batch_pair_hits", batch_pair_hits));
    arrays.push_back(named_vector("progress/batch_label_hits", batch_label_hits));
    save_validation(validation, arrays);
}

void Progress::restore(const ArrayReader& arrays, const std::vector<NamedArray>& network) {
    std::array<float, 3> parts{};
    arrays.read("progress/next_step", parts);
    next_step = from_floats(parts);
    inputs = arrays.read_block("progress/inputs");
    next_inputs = arrays.read_block("progress/next_inputs");
    prior_goodness = arrays.read_vector("progress/prior_goodness");
    restore_flow(flow, arrays);
    for (std::size_t l = 0; l < collected.size(); ++l) {
        arrays.read(collected_name(l), collected[l].view());
    }
    batch_loss = arrays.read_vector("progress/batch_loss");
    batch_pair_hits = arrays.read_vector("progress/batch_pair_hits");
    batch_label_hits = arrays.read_vector("progress/batch_label_hits");
    restore_validation(validation, arrays, network);
}

} // namespace phyll::training
