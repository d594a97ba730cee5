#pragma once

#include "sim/bench/electronic/generator.hpp"
#include "sim/bench/scpi/settings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace phyll::bench {

/// A Rigol DG1022Z (channel 1 alone), as its programming guide describes its remote interface,
/// without sweeps, modulation, counters, files and built-in waveforms. Codes of 14 bits, 0 and
/// 16383 being the low and the high level. The trigger output goes with a burst that is triggered
/// by hand.
class RigolDg1000z final : public Generator {
  public:
    /// `serial` stands in its identity.
    RigolDg1000z(const std::string& serial, OutputErrors errors, Play play);

    [[nodiscard]] std::optional<UsbIds> usb_ids() const override {
        return UsbIds{.vendor = 0x1AB1, .product = 0x0642};
    }

  private:
    /// What only this language can set; choices are places in their lists of keywords.
    struct Own {
        std::size_t function = 0;
        std::size_t mode = 0;
        std::size_t burst_mode = 0;
        std::size_t trigger_source = 0;
        std::size_t trigger_output = 0;
        std::size_t unit = 0;
        bool sync = true;
        std::vector<double> arriving; ///< of a waveform that comes in several blocks
    };

    void reset() override;
    void trigger() override;

    void add_function_commands();
    void add_level_commands();
    void add_output_commands();
    void add_burst_commands();

    void apply(Call& call);
    void download(Call& call);
    void select(std::size_t function);

    Own own_;
};

} // namespace phyll::bench
