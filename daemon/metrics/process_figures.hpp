#pragma once

#include <cstdint>
#include <optional>

namespace phyll::metrics {

/// What this process takes of the machine; nothing: the system does not say.
struct ProcessFigures {
    std::optional<std::uint64_t> resident_bytes;
    std::optional<std::uint64_t> virtual_bytes;
    std::optional<std::uint64_t> open_descriptors;
    std::optional<std::uint64_t> most_descriptors; ///< that it may have
    std::optional<std::uint64_t> threads;
    double processor_seconds = 0.0; ///< user and system
};

/// As things are. Thread rule: any thread.
[[nodiscard]] ProcessFigures process_figures();

} // namespace phyll::metrics
