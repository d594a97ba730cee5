#pragma once

#include "drivers/core/sample_block.hpp"
#include "stimuli.hpp"

#include <phyll/v1/rig.pb.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace phyll::cli {

/// The stimuli of a stream, block by block.
class StimulusSource {
  public:
    StimulusSource() = default;
    StimulusSource(const StimulusSource&) = delete;
    StimulusSource& operator=(const StimulusSource&) = delete;
    virtual ~StimulusSource() = default;

    /// The next block, of at most so many samples; nothing when none came within the time, or all
    /// were given. Throws INVALID_ARGUMENT for what cannot be read.
    [[nodiscard]] virtual std::optional<OwnedBlock> next(std::size_t most,
                                                         std::chrono::milliseconds wait) = 0;
    /// Whether all were given.
    [[nodiscard]] virtual bool over() const = 0;
    /// How many there are in all, where that is known.
    [[nodiscard]] virtual std::optional<std::uint64_t> samples() const = 0;
};

/// Of an .npy file (an array of samples x inputs), a CSV file (see `read_csv`), or, by "-", of
/// lines of CSV on standard input as they come, the first of which may be a header. The units are
/// those of `drives_of`; arrays are drives. Throws NOT_FOUND, INVALID_ARGUMENT.
[[nodiscard]] std::unique_ptr<StimulusSource> open_stimuli(const std::string& path,
                                                           const v1::LayerSpec& rig, Units units);

} // namespace phyll::cli
