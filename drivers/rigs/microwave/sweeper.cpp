#include "drivers/rigs/microwave/sweeper.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::rigs {
namespace {

/// What a sweep may take beside its own time, and how much longer than it should that may be.
constexpr Seconds sweep_patience{1};
constexpr double sweep_room = 4.0;

} // namespace

Sweeper::Sweeper(std::unique_ptr<instruments::Vna> vna,
                 std::unique_ptr<instruments::Metasurface> metasurface, unsigned retakes,
                 const Clock& clock)
    : vna_(std::move(vna)),
      metasurface_(std::move(metasurface)),
      retakes_(retakes),
      clock_(clock) {}

void Sweeper::prepare(const instruments::VnaSetup& setup, std::size_t atoms,
                      const Patience& patience) {
    metasurface_->connect(patience);
    if (metasurface_->atoms() != atoms) {
        throw Error(Code::failed_precondition,
                    fmt::format("{} has {} meta-atoms; the option atoms says {}",
                                metasurface_->name(), metasurface_->atoms(), atoms));
    }
    setup_ = setup;
    vna_->prepare(setup_, patience);
}

void Sweeper::begin_pattern(const Pattern& pattern, const Patience& patience) {
    metasurface_->begin_pattern(pattern, patience);
    sent_ = pattern;
}

void Sweeper::finish_pattern(const Patience& patience) {
    metasurface_->finish_pattern(patience);
    shown_ = sent_;
    shown_at_ = clock_.now();
}

bool Sweeper::try_sweep(Seconds sweep_time, const Patience& patience, Times& times) {
    times.start = clock_.now();
    vna_->begin_sweep(patience);
    const bool done = vna_->await_sweep(sweep_patience + sweep_room * sweep_time, patience);
    times.end = clock_.now();
    return done;
}

Sweeper::Times Sweeper::sweep(Seconds settle, Seconds sweep_time, const Patience& patience) {
    const Seconds left = settle - Seconds(clock_.now() - shown_at_);
    if (left > Seconds(0)) {
        wait(clock_, left, patience);
    }
    Times times{};
    for (unsigned again = 0; !try_sweep(sweep_time, patience, times); ++again) {
        if (again == retakes_) {
            throw Error(Code::unavailable, fmt::format("{} began {} sweeps that did not end",
                                                       vna_->name(), retakes_ + 1));
        }
        ++retaken_;
        vna_->prepare(setup_, patience);
    }
    swept_ = shown_;
    return times;
}

std::optional<instruments::SweepValues> Sweeper::read(const Patience& patience) {
    instruments::SweepValues values;
    try {
        values = vna_->read(instruments::SParameter::s21, patience);
    } catch (const Error& error) {
        if (error.code() != Code::data_loss) {
            throw;
        }
        ++retaken_;
        return std::nullopt;
    }
    if (values == last_ && swept_ != last_pattern_) {
        ++retaken_;
        return std::nullopt;
    }
    last_ = values;
    last_pattern_ = swept_;
    return values;
}

instruments::SweepValues Sweeper::measure(Seconds settle, Seconds sweep_time,
                                          const Patience& patience, Times* times) {
    for (unsigned again = 0;; ++again) {
        vna_->prepare(setup_, patience); // an answer that was none may have cost the connection
        const Times taken = sweep(settle, sweep_time, patience);
        if (auto values = read(patience)) {
            if (times != nullptr) {
                *times = taken;
            }
            return std::move(*values);
        }
        if (again == retakes_) {
            throw Error(Code::unavailable,
                        fmt::format("no sweep of {} belongs to its pattern, after {} more",
                                    vna_->name(), retakes_));
        }
    }
}

std::array<instruments::SweepValues, 4> Sweeper::look(Seconds sweep_time,
                                                      const Patience& patience) {
    vna_->choose(instruments::all_s_parameters, patience);
    // A sweep for each direction.
    static_cast<void>(sweep(Seconds(0), 2 * sweep_time, patience));
    std::array<instruments::SweepValues, 4> values;
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = vna_->read(instruments::all_s_parameters[i], patience);
    }
    vna_->choose(std::array{instruments::SParameter::s21}, patience);
    return values;
}

SafeState Sweeper::make_safe() noexcept {
    SafeState state = vna_->make_safe();
    static_cast<void>(metasurface_->make_safe());
    return state;
}

std::vector<instruments::Instrument*> Sweeper::instruments() {
    return {vna_.get(), metasurface_.get()};
}

} // namespace phyll::rigs
