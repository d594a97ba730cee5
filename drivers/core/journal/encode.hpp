#pragma once

#include "drivers/core/journal/header.hpp"
#include "drivers/core/journal/records.hpp"
#include "drivers/core/journal/views.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace phyll::journal {

/// Whole records, not sealed yet. They throw INVALID_ARGUMENT, naming the field, when what is given
/// contradicts itself or the header or does not fit into a record; and what SampleCodec throws for
/// a value that its format does not keep.
[[nodiscard]] std::vector<std::byte> encode(const Facts& facts, std::span<const RigCodecs> rigs);
[[nodiscard]] std::vector<std::byte> encode(const Raw& raw, std::span<const RigCodecs> rigs);
[[nodiscard]] std::vector<std::byte> encode(const Mark& mark, std::span<const RigCodecs> rigs);
[[nodiscard]] std::vector<std::byte> encode(const Origins& origins,
                                            std::span<const RigCodecs> rigs);

} // namespace phyll::journal
