#pragma once

#include "sim/bench/microwave/scpi_vna.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace phyll::bench {

/// A Rohde & Schwarz ZNB8 with two ports, as the user manual of the ZNB describes its remote
/// control: channel 1, linear sweeps, S-parameters. Without calibrating, limits, markers, diagrams,
/// power sweeps and segments.
class RohdeSchwarzZnb final : public ScpiVna {
  public:
    /// `serial` stands in its identity.
    RohdeSchwarzZnb(const std::string& serial, const VnaSite& site);

    [[nodiscard]] std::optional<UsbIds> usb_ids() const override {
        return UsbIds{.vendor = 0x0AAD, .product = 0x0197};
    }

  private:
    void preset_language() override;
    void trigger() override;
    [[nodiscard]] bool overload_has_bit() const override { return true; }
    [[nodiscard]] bool operation_pending() const override { return sweeping() || armed_; }

    void add_sweep_commands();
    void add_trace_commands();
    void add_file_commands();
    void start_single();

    std::size_t sweeps_ = 1;
    std::size_t sweep_type_ = 0;
    std::size_t scope_ = 0;
    std::size_t trigger_source_ = 0;
    bool armed_ = false; ///< a single sweep waits for its trigger
};

} // namespace phyll::bench
