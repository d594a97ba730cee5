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
    const auto free =
        std::ranges::find_if(slots_, [](const Slot& each) { return each.state == State::free; });
    if (free == slots_.end()) {
        throw Error(Code::resource_exhausted,
                    fmt::format("{} blocks are queued or not taken; no more can be", most_blocks));
    }
    Slot& next = *free;
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

BlockPlayer::Slot* BlockPlayer::find(std::uint32_t number, State one, State other) noexcept {
    for (Slot& each : slots_) {
        // The state first: the number of a free one may just be written.
        const State state = each.state;
        if ((state == one || state == other) && each.number == number) {
            return &each;
        }
    }
    return nullptr;
}

std::optional<Record> BlockPlayer::take(std::uint32_t number) {
    if (find(number, State::queued, State::running) != nullptr) {
        return std::nullopt;
    }
    Slot* const its = find(number, State::done, State::done);
    if (its == nullptr) {
        throw Error(Code::not_found, fmt::format("there is no block {}", number));
    }
    Record record = std::move(its->record);
    its->state = State::free;
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
        Slot* const found = find(next_played_, State::queued, State::running);
        if (found == nullptr) {
            return;
        }
        Slot& next = *found;
        if (next.state == State::queued) {
            next.record.position = position_ + at;
            played_ = 0;
            next.state = State::running;
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
    if (!dropped_ && (faded_ == ramp_ || !sounds)) {
        drop();
        return;
    }
    if (!dropped_) {
        return;
    }
    ++silent_periods_;
    silent_frames_ += frames;
    if (silent_periods_ >= periods_on_the_way && silent_frames_ >= latency_) {
        dropped_ = false;
        faded_ = 0;
        hushing_ = false;
    }
}

void BlockPlayer::drop() noexcept {
    // Nothing is queued while it fades, so these are all. No record holds what was cut off.
    for (Slot& each : slots_) {
        if (each.state == State::queued || each.state == State::running) {
            each.record.lost = true;
            if (static_cast<std::int32_t>(each.number + 1 - next_played_) > 0) {
                next_played_ = each.number + 1; // numbers begin anew after the last
            }
            each.state = State::done;
        }
    }
    played_ = 0;
    dropped_ = true;
    silent_periods_ = 0;
    silent_frames_ = 0;
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
