#pragma once

#include "drivers/core/clock.hpp"
#include "sim/bench/microwave/cavities.hpp"
#include "sim/bench/microwave/surface.hpp"
#include "sim/bench/microwave/sweep.hpp"
#include "sim/bench/scpi/scpi_instrument.hpp"
#include "sim/bench/server/bench.hpp"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::bench {

/// How a virtual VNA differs from a perfect one, and where it stands.
struct VnaNature {
    double noise = 0.0;      ///< rms of real and of imaginary part of S, at -10 dBm and 10 kHz
    std::uint64_t seed = 1;  ///< of the noise, and of the bytes in its files
    double sweep_time = 0.0; ///< what a sweep takes, in units of points x 1.2 / IF bandwidth
    double path_gain = 0.0;  ///< dB, of an amplifier between source and receiver; moves no S
};

/// What it can be set to.
struct VnaLimits {
    NumberRange frequency; ///< Hz
    NumberRange power;     ///< dBm
    double leveled;        ///< dBm, above which it is unleveled
    NumberRange bandwidth; ///< Hz
    std::size_t points;    ///< at most; 2 at least
};

struct VnaSettings {
    bool rf = false;
    double power = -10.0; ///< dBm, what it really is
    Band band{};
    double bandwidth = 10e3; ///< Hz
    bool correction = false;
    std::optional<Band> calibrated{}; ///< what there is a calibration for
    bool averaging = false;
    std::size_t averages = 10;
    bool continuous = true;
};

/// What a VNA and everything around it have in common.
struct VnaSite {
    Loop& loop;
    Site site;
    Surface& surface;
    Cavities& cavities;
    VnaNature nature;
    VnaSettings stored; ///< in the file that it is delivered with
};

/// A VNA with two ports, whatever language it speaks. While it sweeps continuously there are no
/// sweeps to wait for: data that are read are those of a sweep that has just come to its end.
/// Correction changes nothing but what is said of it: the ports are ideal. A calibration is for a
/// span; outside of it, correction goes off.
class Vna : public ScpiInstrument {
  public:
    /// dBm at a receiver, above which it is overloaded.
    static constexpr double overload_level = 10.0;

    /// `settings`: those of a preset. `file`: the name of what it is delivered with, where a setup
    /// of the bench's span with its calibration is stored, RF off.
    Vna(std::string identity, std::optional<ErrorQueue::Sign> sign, const VnaSite& site,
        const VnaLimits& limits, const VnaSettings& settings, const std::string& file);

    /// sweeps: single ones that came to their end; resets: *RST and presets; rf_on: how often the
    /// RF was switched on.
    [[nodiscard]] std::vector<Figure> figures() const override;
    [[nodiscard]] std::vector<Output> outputs() const override;

  protected:
    struct File {
        std::string bytes;
        std::optional<VnaSettings> settings; ///< of a setup
    };

    [[nodiscard]] const VnaSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] const VnaLimits& limits() const noexcept { return limits_; }
    void set_rf(bool on);
    void set_power(double dbm);
    void set_start(double hertz);
    void set_stop(double hertz);
    void set_span(double centre, double span);
    void set_points(std::size_t points);
    void set_bandwidth(double hertz);
    /// Throws -221 when there is no calibration.
    void set_correction(bool on);
    void set_averaging(bool on);
    void set_averages(std::size_t count);
    void set_continuous(bool on);

    /// As many sweeps, and then no more.
    void initiate(std::size_t sweeps);
    void abort();
    /// Whether a single sweep is under way.
    [[nodiscard]] bool sweeping() const noexcept { return running_.has_value(); }
    /// Of the single sweeps that were asked for last, those that came to their end.
    [[nodiscard]] std::size_t swept_since() const noexcept { return running_ ? 0 : completed_; }
    [[nodiscard]] bool operation_pending() const override { return sweeping(); }
    /// S of "S21" in any case; during a sweep those points that are not measured yet are of the
    /// sweep before. Throws -230 when there are none.
    [[nodiscard]] std::vector<std::complex<double>> data(std::string_view parameter);
    /// Whether that is one of S11, S12, S21, S22.
    [[nodiscard]] static bool is_parameter(std::string_view name);

    /// Now, and of the last sweep.
    [[nodiscard]] bool unleveled() const;
    [[nodiscard]] bool overloaded() const;
    /// Which of the two were the case since this was asked.
    struct Troubles {
        bool unleveled = false;
        bool overloaded = false;
    };
    [[nodiscard]] Troubles take_troubles() { return std::exchange(troubles_, {}); }

    /// The file of that name, whatever folder is said to be in front. Throws -256.
    [[nodiscard]] const File& file(const std::string& name) const;
    [[nodiscard]] bool has_file(const std::string& name) const;
    void store(const std::string& name);
    /// A file that comes from outside; it is a setup when its bytes are those of one.
    void upload(const std::string& name, std::string_view bytes);
    /// Throws -256, or -250 when it is no setup.
    void recall(const std::string& name);
    /// Nothing else of what is in the file.
    void recall_calibration(const std::string& name);
    void drop_calibration();

    /// All that only the language knows, as a preset leaves it.
    virtual void preset_language() = 0;
    /// A sweep finds the flag that says that the one before is over.
    virtual void leave_flag() { set_operation_complete(); }
    /// A sweep overloads the receiver.
    virtual void receiver_overloaded() {}
    /// A single sweep came to its end.
    virtual void swept() {}

    void reset() override;
    void start_up() override;
    void trigger() override {}
    void clear_events() override { troubles_ = {}; }

  private:
    struct Running {
        Sweep sweep;
        std::uint64_t number;
        std::size_t sweeps;
        Clock::Monotonic begun;
        Seconds duration;
        bool stale;
    };

    /// *RST and presets may switch the RF on; the power switch does not.
    void preset(bool rf);
    void add_file(const std::string& name, const VnaSettings& settings);
    [[nodiscard]] const VnaSettings& setup(const std::string& name) const;
    void apply(const VnaSettings& settings);
    /// A setting has changed: what is under way begins anew.
    void changed();
    void band_changed();
    void begin(std::size_t sweeps);
    void finish();
    void drop_running();
    /// Whatever is measured until now has met the pattern that is there now.
    void catch_up();
    [[nodiscard]] Sweep new_sweep();
    [[nodiscard]] bool too_strong() const;
    void watch_power();

    SystemClock clock_;
    Loop& loop_;
    Activity& activity_;
    Misbehaviour& misbehaviour_;
    Surface& surface_;
    Cavities& cavities_;
    VnaNature nature_;
    ReceiverNoise noise_;
    VnaLimits limits_;
    VnaSettings preset_;
    VnaSettings settings_;
    std::map<std::string, File> files_; ///< by their names in capitals
    std::optional<Running> running_;
    std::optional<Sweep> done_;
    Troubles troubles_;
    bool overloaded_ = false;
    std::size_t completed_ = 0;
    std::uint64_t begun_ = 0;
    std::uint64_t sweeps_ = 0;
    std::uint64_t resets_ = 0;
    std::uint64_t times_on_ = 0;
};

} // namespace phyll::bench
