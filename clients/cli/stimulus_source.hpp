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
    /// Values of a sample.
    [[nodiscard]] virtual std::size_t channels() const = 0;
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

/// What the numbers of an .npy file mean.
struct ArrayUse {
    /// Values per sample; nothing: as many as there are, whatever the shape of a sample.
    std::optional<std::size_t> channels{};
    const char* what = "inputs"; ///< they are, for messages
    double scale = 1.0;          ///< factor on numbers
    double scale_of_bytes = 1.0; ///< factor on bytes (u1)
};

/// The samples of an .npy file, read as they are needed. Throws as `open_stimuli` does.
[[nodiscard]] std::unique_ptr<StimulusSource> open_array(const std::string& path,
                                                         const ArrayUse& use);
/// Samples that are at hand.
[[nodiscard]] std::unique_ptr<StimulusSource> source_of(OwnedBlock samples);

} // namespace phyll::cli
