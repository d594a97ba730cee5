#pragma once

#include "drivers/audio/protocol.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <semaphore>
#include <span>
#include <vector>

namespace phyll::audio {

/// Plays blocks one after the other without a gap, and records the inputs meanwhile, in an endless
/// stream of frames that are counted. Between blocks there is silence.
///
/// Thread rule: `process` and `wait_for_work` are for the thread of the sound card and neither
/// allocate nor lock; everything else is for one other thread.
class BlockPlayer {
  public:
    /// What is played and recorded at a time, and the way to silence takes `ramp` frames.
    BlockPlayer(std::size_t outputs, std::size_t inputs, std::size_t ramp);

    /// Blocks that may be queued, played or not yet taken.
    static constexpr std::size_t most_blocks = 4;

    /// Its number. Throws RESOURCE_EXHAUSTED when there are that many, FAILED_PRECONDITION while
    /// what was played fades away.
    [[nodiscard]] std::uint32_t queue(Block block);
    /// The record of a block, which is forgotten then; nothing while it is not complete. Throws
    /// NOT_FOUND when there is no such block.
    [[nodiscard]] std::optional<Record> take(std::uint32_t number);

    /// Begins to fade: when it is silent nothing is queued any more, and silence has reached the
    /// sound card.
    void hush() noexcept;
    [[nodiscard]] bool hushing() const noexcept { return hushing_; }
    /// Forgets all blocks. Not while it plays or fades.
    void forget() noexcept;

    /// One period of the sound card, interleaved; `lost` says that samples were lost before it.
    void process(const float* in, float* out, std::size_t frames, bool lost) noexcept;
    /// Waits until there is something to play or record, for a while at most.
    void wait_for_work(std::chrono::milliseconds most) noexcept;

    /// How many frames what is handed over is on its way to the outputs, as far as that is known.
    void set_latency(std::size_t frames) noexcept { latency_ = frames; }

    /// Frames since the stream was opened.
    [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

  private:
    enum class State { free, queued, running, done };
    struct Slot {
        std::atomic<State> state = State::free;
        std::uint32_t number = 0;
        Block block;
        std::size_t frames = 0; ///< that are played
        Record record;
        std::size_t recorded = 0; ///< frames
    };

    /// Of a block; null when it is in none of the two states.
    [[nodiscard]] Slot* find(std::uint32_t number, State one, State other) noexcept;
    void play(float* out, std::size_t frames) noexcept;
    void fade(float* out, std::size_t frames) noexcept;
    void record(const float* in, std::size_t frames) noexcept;
    void drop() noexcept;
    [[nodiscard]] bool busy() const noexcept;

    const std::size_t outputs_;
    const std::size_t inputs_;
    const std::size_t ramp_;
    std::array<Slot, most_blocks> slots_;
    std::uint32_t next_queued_ = 0; ///< of the other thread

    // Of the sound card's thread.
    std::uint32_t next_played_ = 0;
    std::size_t played_ = 0;      ///< frames of that block
    std::size_t faded_ = 0;       ///< frames of the ramp
    bool dropped_ = false;        ///< nothing is left of what is faded
    unsigned silent_periods_ = 0; ///< since then
    std::size_t silent_frames_ = 0;

    std::atomic<std::uint64_t> position_ = 0;
    std::atomic<std::size_t> latency_ = 0;
    std::atomic<bool> hushing_ = false;
    std::counting_semaphore<> work_{0};
};

} // namespace phyll::audio
