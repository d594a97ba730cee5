#include "drivers/rigs/electronic/player.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::rigs {
namespace {

/// What a record may take beside the waveform itself.
constexpr Seconds trigger_patience{1};

} // namespace

Player::Player(std::unique_ptr<instruments::WaveformGenerator> generator,
               std::unique_ptr<instruments::Digitiser> digitiser, Wiring wiring, const Clock& clock)
    : generator_(std::move(generator)),
      digitiser_(std::move(digitiser)),
      wiring_(wiring),
      // Not the numbers of whoever drove the instruments before: a record of theirs may be left.
      count_(static_cast<std::uint16_t>(clock.wall().time_since_epoch().count() / 1000)) {}

void Player::prepare(const instruments::GeneratorSetup& setup, const Patience& patience) {
    generator_->prepare(setup, patience);
}

void Player::begin_upload(std::span<const double> waveform, const Patience& patience) {
    generator_->begin_upload(waveform, patience);
}

void Player::finish_upload(const Patience& patience) {
    generator_->finish_upload(patience);
}

std::optional<std::string> Player::take(double duration, const Objection& objection,
                                        instruments::Record& record, const Patience& patience) {
    digitiser_->arm(patience);
    generator_->trigger(patience);
    if (!digitiser_->await_record(trigger_patience + 2 * Seconds(duration), patience)) {
        return "no trigger came";
    }
    try {
        record = digitiser_->read(wiring_.monitor, patience);
        return objection(record);
    } catch (const Error& error) {
        if (error.code() == Code::data_loss) { // one of other settings
            return error.what();
        }
        throw;
    }
}

instruments::Record Player::play(instruments::DigitiserSetup setup, double duration,
                                 const Objection& objection, const Patience& patience) {
    setup.trigger_channel = wiring_.trigger_channel;
    setup.trigger_level = wiring_.trigger_level;
    digitiser_->prepare(setup, patience);
    instruments::Record record;
    std::optional<std::string> wrong = take(duration, objection, record, patience);
    for (unsigned again = 0; wrong && again < wiring_.retakes; ++again) {
        ++retaken_;
        wrong = take(duration, objection, record, patience);
    }
    if (wrong) {
        throw Error(Code::unavailable,
                    fmt::format("no record of {} belongs to its stimulus, after {} more: {}",
                                digitiser_->name(), wiring_.retakes, *wrong));
    }
    return record;
}

instruments::Record Player::read(unsigned channel, const Patience& patience) {
    return digitiser_->read(channel, patience);
}

SafeState Player::make_safe() noexcept {
    SafeState state = generator_->make_safe();
    static_cast<void>(digitiser_->make_safe()); // it drives nothing
    return state;
}

std::vector<instruments::Instrument*> Player::instruments() {
    return {generator_.get(), digitiser_.get()};
}

} // namespace phyll::rigs
