#pragma once

#include "drivers/audio/limits.hpp"
#include "drivers/audio/protocol.hpp"
#include "drivers/instruments/instrument.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace phyll::instruments {

/// A sound card with one duplex stream that is kept open: plays blocks one after the other and
/// records its inputs meanwhile, aligned to the sample. Samples are shares of the converter's full
/// scale. Its safe state is silence, which what is played fades to.
class AudioDuplex : public Instrument {
  public:
    struct Format {
        double rate = 0.0; ///< frames a second
        std::size_t outputs = 0;
        std::size_t inputs = 0;
        std::size_t most_frames = 0; ///< of a block with what is recorded after it
    };
    /// As it was when it was connected last.
    [[nodiscard]] virtual Format format() const noexcept = 0;

    /// Connects, and sets limits for all blocks from now on, beside those that it has itself. Does
    /// nothing when it is ready so already. Throws INVALID_ARGUMENT when they cannot be.
    virtual void prepare(const audio::Limits& limits, const Patience& patience) = 0;

    /// Queues a block of interleaved samples, to be played as soon as those before it are over; its
    /// record goes on for `longer` frames after it. Returns its number. Four may be queued or not
    /// collected. Throws OUT_OF_RANGE when it exceeds the limits, INVALID_ARGUMENT when it does not
    /// begin and end in silence.
    [[nodiscard]] virtual std::uint32_t play(std::span<const float> samples, std::size_t longer,
                                             const Patience& patience) = 0;
    /// The record of a block, from its first frame on, which is given up after `most`: UNAVAILABLE
    /// then. No record holds what a stop or an error cut off.
    [[nodiscard]] virtual audio::Record collect(std::uint32_t number, Seconds most,
                                                const Patience& patience) = 0;
    /// Fades what is played, and forgets what is queued and not collected.
    virtual void hush(const Patience& patience) = 0;
};

} // namespace phyll::instruments
