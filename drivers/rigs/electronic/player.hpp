#pragma once

#include "drivers/instruments/digitiser.hpp"
#include "drivers/instruments/waveform_generator.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::rigs {

using instruments::Patience;

/// A generator and the digitiser that it triggers: plays a waveform and has its record, or has it
/// again when it is another one's.
///
/// Throws what the instruments throw; when no record belongs to its waveform, UNAVAILABLE.
class Player {
  public:
    struct Wiring {
        unsigned monitor = 0; ///< the channel that sees the generator's output
        unsigned trigger_channel = 0;
        instruments::Volts trigger_level{};
        unsigned retakes = 0; ///< most for one waveform
    };
    /// Says why the monitor's record is not that of the waveform; nothing when it is.
    using Objection = std::function<std::optional<std::string>(const instruments::Record&)>;

    /// Asks `clock` once, for the number that it begins with.
    Player(std::unique_ptr<instruments::WaveformGenerator> generator,
           std::unique_ptr<instruments::Digitiser> digitiser, Wiring wiring, const Clock& clock);

    void prepare(const instruments::GeneratorSetup& setup, const Patience& patience);
    void begin_upload(std::span<const double> waveform, const Patience& patience);
    void finish_upload(const Patience& patience);

    /// Plays what was uploaded, for `duration` s, and returns the monitor's record, which must be
    /// among the channels of `setup` (whose trigger is set here). A record to which there is an
    /// objection, and one that no trigger began, are taken again.
    [[nodiscard]] instruments::Record play(instruments::DigitiserSetup setup, double duration,
                                           const Objection& objection, const Patience& patience);
    /// What another channel recorded then.
    [[nodiscard]] instruments::Record read(unsigned channel, const Patience& patience);

    [[nodiscard]] SafeState make_safe() noexcept;

    /// The generator first.
    [[nodiscard]] std::vector<instruments::Instrument*> instruments();
    [[nodiscard]] std::uint64_t retaken() const noexcept { return retaken_; }
    /// Another one for each waveform.
    [[nodiscard]] std::uint16_t next_count() noexcept { return ++count_; }

  private:
    /// Plays once. Why what came is not the record; nothing when it is in `record`.
    [[nodiscard]] std::optional<std::string> take(double duration, const Objection& objection,
                                                  instruments::Record& record,
                                                  const Patience& patience);

    std::unique_ptr<instruments::WaveformGenerator> generator_;
    std::unique_ptr<instruments::Digitiser> digitiser_;
    Wiring wiring_;
    std::uint64_t retaken_ = 0;
    std::uint16_t count_;
};

} // namespace phyll::rigs
