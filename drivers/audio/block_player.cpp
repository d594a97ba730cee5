#include "drivers/audio/block_player.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::audio {
namespace {

/// Periods until what was handed over is certainly played.
constexpr unsigned periods_on_the_way = 3;

} // namespace

BlockPlayer::BlockPlayer(std::size_t outputs, std::size_t inputs, std::size_t ramp)
    : outputs_(outputs), inputs_(inputs), ramp_(std::max<std::size_t>(1, ramp)) {}

std::uint32_t BlockPlayer::queue(Block block) {
    if (hushing_) {
        throw Error(Code::failed_precondition, "what was played fades away");
    }
    Slot& next = slot(next_queued_);
    if (next.state != State::free) {
        throw Error(Code::resource_exhausted,
                    fmt::format("{} blocks are queued or not taken; no more can be", most_blocks));
    }
    next.number = next_queued_;
    next.frames = block.samples.size() / outputs_;
    next.record = {.position = 0, .lost = false, .samples = {}};
    next.record.samples.resize((next.frames + block.longer) * inputs_);
    next.recorded = 0;
    next.block = std::move(block);
    next.state = State::queued;
    work_.release();
    return next_queued_++;
}

std::optional<Record> BlockPlayer::take(std::uint32_t number) {
    Slot& its = slot(number);
    const State state = its.state;
    if (its.number != number || state == State::free) {
        throw Error(Code::not_found, fmt::format("there is no block {}", number));
    }
    if (state != State::done) {
        return std::nullopt;
    }
    Record record = std::move(its.record);
    its.state = State::free;
    return record;
}

void BlockPlayer::hush() noexcept {
    hushing_ = true;
    work_.release();
}

void BlockPlayer::forget() noexcept {
    for (Slot& each : slots_) {
        each.state = State::free;
    }
}

void BlockPlayer::process(const float* in, float* out, std::size_t frames, bool lost) noexcept {
    if (lost) {
        for (Slot& each : slots_) {
            if (each.state == State::running) {
                each.record.lost = true;
            }
        }
    }
    std::fill_n(out, frames * outputs_, 0.0F);
    play(out, frames);
    if (hushing_) {
        fade(out, frames);
    }
    record(in, frames);
    position_ += frames;
}

void BlockPlayer::play(float* out, std::size_t frames) noexcept {
    for (std::size_t at = 0; at < frames;) {
        Slot& next = slot(next_played_);
        if (next.state == State::queued) {
            next.record.position = position_ + at;
            played_ = 0;
            next.state = State::running;
        }
        // A block that was played to its end may still be recorded, in a slot of another number.
        if (next.state != State::running || next.number != next_played_) {
            return;
        }
        const std::size_t count = std::min(frames - at, next.frames - played_);
        std::copy_n(next.block.samples.data() + played_ * outputs_, count * outputs_,
                    out + at * outputs_);
        at += count;
        played_ += count;
        if (played_ == next.frames) {
            ++next_played_;
        }
    }
}

void BlockPlayer::fade(float* out, std::size_t frames) noexcept {
    const bool sounds = std::any_of(out, out + frames * outputs_, [](float x) { return x != 0; });
    for (std::size_t frame = 0; frame < frames; ++frame) {
        faded_ = std::min(faded_ + 1, ramp_);
        const float gain = 1.0F - static_cast<float>(faded_) / static_cast<float>(ramp_);
        for (std::size_t output = 0; output < outputs_; ++output) {
            out[frame * outputs_ + output] *= gain;
        }
    }
    if (silent_ == 0 && (faded_ == ramp_ || !sounds)) {
        drop();
    }
    if (silent_ > 0 && silent_++ == periods_on_the_way) {
        silent_ = 0;
        faded_ = 0;
        hushing_ = false;
    }
}

void BlockPlayer::drop() noexcept {
    // Nothing is queued while it fades, so this is all.
    while (
        slot(next_played_).state == State::queued ||
        (slot(next_played_).state == State::running && slot(next_played_).number == next_played_)) {
        ++next_played_;
        played_ = 0;
        slot(next_played_ - 1).state = State::done;
    }
    for (Slot& each : slots_) {
        if (each.state == State::running) {
            each.state = State::done;
        }
    }
    silent_ = 1;
}

void BlockPlayer::record(const float* in, std::size_t frames) noexcept {
    const std::uint64_t position = position_;
    for (Slot& each : slots_) {
        if (each.state != State::running) {
            continue;
        }
        const std::size_t skipped = each.record.position > position
                                        ? static_cast<std::size_t>(each.record.position - position)
                                        : 0;
        const std::size_t wanted = each.frames + each.block.longer - each.recorded;
        const std::size_t count = std::min(frames - skipped, wanted);
        float* into = each.record.samples.data() + each.recorded * inputs_;
        if (in != nullptr) {
            std::copy_n(in + skipped * inputs_, count * inputs_, into);
        }
        each.recorded += count;
        if (count == wanted) {
            each.state = State::done;
        }
    }
}

bool BlockPlayer::busy() const noexcept {
    return hushing_ || std::ranges::any_of(slots_, [](const Slot& each) {
               return each.state == State::queued || each.state == State::running;
           });
}

void BlockPlayer::wait_for_work(std::chrono::milliseconds most) noexcept {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!busy() && work_.try_acquire_until(end)) {
    }
}

} // namespace phyll::audio
