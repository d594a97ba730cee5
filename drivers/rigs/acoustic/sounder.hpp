#pragma once

#include "drivers/instruments/audio_duplex.hpp"
#include "drivers/rigs/acoustic/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace phyll::rigs {

using instruments::Patience;

/// What markers are compared with.
struct Reference {
    Sound marker;            ///< as the microphones heard it: inputs that the rig has
    std::size_t latency = 0; ///< frames from what is played to what is recorded

    [[nodiscard]] bool known() const noexcept { return !marker.samples.empty(); }
};

/// A sound card on which blocks are played, one after the other, each with the record that is
/// proven to be its own: no sample was lost, and its markers, at its begin and its end, are where
/// and as they should be.
///
/// Throws what the sound card throws; UNAVAILABLE when there is no such record.
class Sounder {
  public:
    /// The settings and the clock outlive it.
    Sounder(std::unique_ptr<instruments::AudioDuplex> card, const AcousticSettings& settings,
            const Clock& clock);

    /// Ready to play. Throws FAILED_PRECONDITION when the sound card has another rate, or too few
    /// channels.
    void prepare(const Patience& patience);

    /// A block on its way.
    struct Playing {
        BlockLayout layout;
        Sound sound; ///< what is played
        std::uint32_t number = 0;
    };
    [[nodiscard]] Playing begin(const BlockLayout& layout, ConstBlock x,
                                std::span<const double> gains, const Patience& patience);
    /// Its record, of all inputs of the sound card. When that is worth nothing, the block is played
    /// again, and counted.
    [[nodiscard]] Sound finish(Playing& playing, const Patience& patience);
    /// Whatever was recorded, as it is, also when it has no markers, and `longer` frames after it.
    /// Throws UNAVAILABLE where it is too loud.
    [[nodiscard]] Sound record(const Sound& sound, std::size_t longer, const Patience& patience);

    void compare_with(Reference reference);
    [[nodiscard]] const Reference& reference() const noexcept { return reference_; }
    /// In frames, as the last marker had it.
    [[nodiscard]] std::size_t latency() const noexcept { return reference_.latency; }
    /// Takes what the cavity answers to the marker now for what it should be, and measures the
    /// latency by it. Throws UNAVAILABLE when it is not heard.
    [[nodiscard]] Reference listen_to_marker(const Patience& patience);

    /// Of the marker at the begin of a record with the reference.
    [[nodiscard]] double marker_likeness(const Sound& record) const;

    [[nodiscard]] const Multitones& tones() const noexcept { return tones_; }
    [[nodiscard]] std::size_t outputs() const noexcept { return card_->format().outputs; }
    /// That certainly fits into a block with what is recorded after it, in s.
    [[nodiscard]] double longest_sound() const {
        return settings_.seconds(card_->format().most_frames / 2);
    }
    /// Throws UNAVAILABLE when a record is at the converter's end, or louder than is allowed.
    void require_level(const Sound& record) const;

    [[nodiscard]] SafeState make_safe() noexcept { return card_->make_safe(); }
    /// After a query that failed, as far as it is reached.
    void hush() noexcept { static_cast<void>(card_->make_safe()); }

    [[nodiscard]] std::vector<instruments::Instrument*> instruments() { return {card_.get()}; }
    /// Records that were worth nothing.
    [[nodiscard]] std::uint64_t retaken() const noexcept { return retaken_; }
    /// What the microphones heard last, in shares of full scale.
    [[nodiscard]] const Sound& last() const noexcept { return last_; }

  private:
    [[nodiscard]] Sound collect(std::uint32_t number, std::size_t frames, bool& lost,
                                const Patience& patience);
    /// Frames of the record that the marker needs, from one on, of the rig's inputs.
    [[nodiscard]] Sound heard(const Sound& record, std::size_t from, std::size_t frames) const;
    /// Why a record is not that of its block; nothing when it is.
    [[nodiscard]] std::optional<std::string>
    objection(const BlockLayout& layout, const Sound& record, const Patience& patience);
    /// How well what was recorded from a frame on agrees with a reference; 0 when it does better
    /// some frames before or after.
    [[nodiscard]] double likeness_at(const Sound& record, std::size_t frame,
                                     const Sound& reference) const;
    /// Throws UNAVAILABLE when a record is not from where its block must have been.
    void require_in_order(std::uint32_t number, std::uint64_t position);
    /// Frames that a latency is looked for in.
    [[nodiscard]] std::size_t latency_search() const;
    /// Where the marker is instead, if it is anywhere.
    [[nodiscard]] std::optional<std::size_t> latency_in(const Sound& record, std::size_t marker,
                                                        const Patience& patience) const;

    const std::unique_ptr<instruments::AudioDuplex> card_;
    const AcousticSettings& settings_;
    const Clock& clock_;
    const Multitones tones_;
    Reference reference_;
    /// A block was at some place of the stream, in some life of the sound card.
    struct Place {
        std::uint64_t life = 0;
        std::uint32_t number = 0;
        std::uint64_t position = 0;
    };
    Place latest_; ///< of the highest number
    std::uint64_t retaken_ = 0;
    Sound last_;
};

} // namespace phyll::rigs
