#pragma once

#include "drivers/instruments/metasurface.hpp"
#include "drivers/instruments/vna.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::rigs {

using instruments::Patience;

/// A number for each meta-atom, 0 for off.
using Pattern = std::vector<std::uint8_t>;

/// A metasurface and the analyser that looks at it: shows a pattern, lets it settle, sweeps, and
/// has the sweep again when it is another one's.
///
/// What proves that a sweep is that of its pattern: the controller acknowledged that very pattern
/// before the sweep began; the analyser had nothing finished before, and has finished one sweep
/// since; and what it gives is not, to the bit, what the sweep before gave for another pattern.
///
/// Throws what the instruments throw; UNAVAILABLE when no sweep could be had.
class Sweeper {
  public:
    /// `clock` outlives it.
    Sweeper(std::unique_ptr<instruments::Vna> vna,
            std::unique_ptr<instruments::Metasurface> metasurface, unsigned retakes,
            const Clock& clock);

    /// Both ready. Throws FAILED_PRECONDITION when there are not so many meta-atoms.
    void prepare(const instruments::VnaSetup& setup, std::size_t atoms, const Patience& patience);
    [[nodiscard]] std::vector<std::string> changed_settings(const Patience& patience) {
        return vna_->changed_settings(patience);
    }

    /// When a sweep began and ended.
    struct Times {
        Clock::Monotonic start;
        Clock::Monotonic end;
    };

    /// Shows a pattern, as `begin_pattern` and `finish_pattern`.
    void show(const Pattern& pattern, const Patience& patience) {
        begin_pattern(pattern, patience);
        finish_pattern(patience);
    }
    /// Sends a pattern that is shown while the last sweep is read.
    void begin_pattern(const Pattern& pattern, const Patience& patience);
    void finish_pattern(const Patience& patience);

    /// Sweeps once `settle` has passed since the pattern was acknowledged. `sweep_time` is what a
    /// sweep takes at least.
    Times sweep(Seconds settle, Seconds sweep_time, const Patience& patience);
    /// S21 of the last sweep; nothing when it is that of the one before, which is counted.
    [[nodiscard]] std::optional<instruments::SweepValues> read(const Patience& patience);
    /// All of the pattern that is shown: settle, sweep and read, as often as it takes. Throws
    /// UNAVAILABLE when it was in vain too often.
    [[nodiscard]] instruments::SweepValues
    measure(Seconds settle, Seconds sweep_time, const Patience& patience, Times* times = nullptr);

    /// All four parameters of the pattern that is shown.
    [[nodiscard]] std::array<instruments::SweepValues, 4> look(Seconds sweep_time,
                                                               const Patience& patience);

    void hush() noexcept { vna_->hush(); }
    /// Source off, meta-atoms off. Only the source drives anything: that alone decides.
    [[nodiscard]] SafeState make_safe() noexcept;
    /// The analyser first.
    [[nodiscard]] std::vector<instruments::Instrument*> instruments();
    [[nodiscard]] std::optional<instruments::RecalledState> recalled() const {
        return vna_->recalled();
    }
    [[nodiscard]] std::uint64_t retaken() const noexcept { return retaken_; }
    [[nodiscard]] unsigned retakes() const noexcept { return retakes_; }

  private:
    [[nodiscard]] bool try_sweep(Seconds sweep_time, const Patience& patience, Times& times);

    const std::unique_ptr<instruments::Vna> vna_;
    const std::unique_ptr<instruments::Metasurface> metasurface_;
    const unsigned retakes_;
    const Clock& clock_;
    instruments::VnaSetup setup_;
    Pattern sent_;
    Pattern shown_;             ///< when it was acknowledged
    Clock::Monotonic shown_at_; ///< by then
    Pattern swept_;             ///< shown in the last sweep
    Pattern last_pattern_;      ///< of `last_`
    instruments::SweepValues last_;
    std::uint64_t retaken_ = 0;
};

} // namespace phyll::rigs
