#pragma once

#include "sim/bench/electronic/digitiser.hpp"
#include "sim/bench/scpi/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace phyll::bench {

/// A Rigol MSO5074, as the series' programming guide describes it, without measurements, maths,
/// digital channels, protocols, files, generators and the screen. It has no external trigger.
///
/// Where real ones leave freedom, this one does so:
/// - The record has `:ACQuire:MDEPth` points over the ten divisions of the screen, AUTO being
///   10,000; there is no upper limit of the sample rate.
/// - The converter has 256 codes of a 25th of `:CHANnel<n>:SCALe`, 128 being the middle of the
///   screen; WORD codes are the same in two bytes, the upper of which is 0.
/// - `:WAVeform:DATA?` gives all of STARt to STOP at once, in each mode; in mode RAW the instrument
///   must be stopped (-221).
class RigolMso5000 final : public Digitiser {
  public:
    /// `serial` stands in its identity.
    RigolMso5000(const std::string& serial, Loop& loop, const Site& site, DigitiserNature nature);

    [[nodiscard]] bool has_external_trigger() const override { return false; }

    [[nodiscard]] std::optional<UsbIds> usb_ids() const override {
        return UsbIds{.vendor = 0x1AB1, .product = 0x0515};
    }

  private:
    /// What only this language can set; choices are places in their lists of keywords.
    struct Own {
        double scale = 1e-6; ///< s per division
        double offset = 0.0; ///< s; of the middle of the screen
        std::size_t depth = 0;
        std::size_t type = 0;
        std::size_t trigger_mode = 0;
        std::size_t sweep = 0;
        std::size_t source = 0; ///< channel from 0
        std::size_t mode = 0;
        std::size_t format = 1;
        std::size_t start = 1;
        std::size_t stop = 1000;
    };

    void reset() override;

    void add_run_commands();
    void add_timebase_commands();
    void add_channel_commands();
    void add_trigger_commands();
    void add_waveform_commands();

    void place_window();
    [[nodiscard]] std::size_t points() const;
    [[nodiscard]] const Record& readable() const;
    [[nodiscard]] std::string preamble() const;
    [[nodiscard]] std::string data() const;

    Own own_;
};

} // namespace phyll::bench
