#pragma once

#include "drivers/instruments/instrument.hpp"

#include <array>
#include <complex>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::instruments {

struct Hertz {
    double value = 0.0;
    auto operator<=>(const Hertz&) const = default;
};

/// A power at a connector of 50 ohm; what is one is not handed over as a plain number where it
/// could harm something.
struct Dbm {
    double value = 0.0;
    auto operator<=>(const Dbm&) const = default;
};

/// What arrives at a port, the first digit, of what leaves another one.
enum class SParameter { s11, s21, s12, s22 };
inline constexpr std::array all_s_parameters{SParameter::s11, SParameter::s21, SParameter::s12,
                                             SParameter::s22};
/// "S21"
[[nodiscard]] std::string_view name_of(SParameter parameter) noexcept;

/// How sweeps are measured.
struct VnaSetup {
    Hertz start; ///< of the first point
    Hertz stop;  ///< of the last, above the first; points are at equal distances
    std::size_t points = 0;
    Hertz if_bandwidth;
    Dbm power;        ///< of the source, at its connector
    Dbm most_power{}; ///< that the source must never exceed; the instrument's own limit, if it has
                      ///< one
    /// File on the instrument that is recalled first, whose correction has to be on then; empty:
    /// none is.
    std::string state{};
    /// Whether measurements without correction are refused.
    bool corrected = false;

    bool operator==(const VnaSetup&) const = default;

    /// Of a point.
    [[nodiscard]] Hertz frequency(std::size_t point) const noexcept;
};

/// A state that was recalled.
struct RecalledState {
    std::string name;   ///< "cavity.znxml"
    std::string sha256; ///< of the file, in hexadecimal; empty: the instrument does not give it
};

using SweepValues = std::vector<std::complex<float>>;

/// A vector network analyser of two ports.
///
/// It is expensive: its source is off until the power was set and read back, it is never preset,
/// and what its user calibrated stays.
class Vna : public Instrument {
  public:
    /// Makes ready to sweep: source off, limit set and read back, state recalled, its correction
    /// looked at, power and sweep set and read back; only then is the source on. Does nothing when
    /// it is ready so already. Throws FAILED_PRECONDITION when the instrument does not take on what
    /// it was told, or is not corrected though it should be; its source is off then. Throws
    /// INVALID_ARGUMENT when the setup cannot be.
    virtual void prepare(const VnaSetup& setup, const Patience& patience) = 0;

    /// What of power, frequencies, points and bandwidth is not as `prepare` set it, in words, and
    /// so was changed by somebody else; then the next `prepare` sets everything anew. Empty:
    /// nothing is, or it is not prepared.
    [[nodiscard]] virtual std::vector<std::string> changed_settings(const Patience& patience) = 0;

    /// Chooses what the sweeps from now on measure; after `prepare` that is S21 alone. Each
    /// direction takes a sweep's time.
    virtual void choose(std::span<const SParameter> parameters, const Patience& patience) = 0;

    /// Begins one sweep.
    virtual void begin_sweep(const Patience& patience) = 0;
    /// Waits until the sweep is finished; false when `within` passed before. Throws UNAVAILABLE
    /// when something spoilt it: a receiver was overloaded.
    [[nodiscard]] virtual bool await_sweep(Seconds within, const Patience& patience) = 0;
    /// What the last sweep measured, a value a point. Throws DATA_LOSS when it is something else,
    /// or no number.
    [[nodiscard]] virtual SweepValues read(SParameter parameter, const Patience& patience) = 0;

    /// Switches the source off where that can be said at once, without waiting whether it is: for
    /// whoever has to return. The next `prepare` sets everything anew.
    virtual void hush() noexcept = 0;

    /// What was recalled with the last `prepare`. Any thread.
    [[nodiscard]] virtual std::optional<RecalledState> recalled() const = 0;
};

} // namespace phyll::instruments
