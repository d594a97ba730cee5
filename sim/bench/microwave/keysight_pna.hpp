#pragma once

#include "sim/bench/microwave/scpi_vna.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>

namespace phyll::bench {

/// A Keysight N5222B with two ports, as the help of the PNA describes its SCPI commands: channel 1,
/// linear sweeps, S-parameters, ports coupled. Without calibrating, limits, markers, windows, power
/// sweeps and segments. Power limits stay through presets.
class KeysightPna final : public ScpiVna {
  public:
    /// `serial` stands in its identity.
    KeysightPna(const std::string& serial, const VnaSite& site);

    [[nodiscard]] std::optional<UsbIds> usb_ids() const override {
        return UsbIds{.vendor = 0x2A8D, .product = 0x2B01};
    }

  private:
    static constexpr std::size_t ports = 2;

    void preset_language() override;
    void start_up() override;
    void trigger() override;
    void swept() override;
    void receiver_overloaded() override;
    [[nodiscard]] bool overload_has_bit() const override { return false; }
    [[nodiscard]] bool operation_pending() const override { return sweeping() || waits_; }

    void add_sweep_commands();
    void add_trigger_commands();
    void add_power_commands();
    void add_trace_commands();
    void add_file_commands();
    void set_mode(std::size_t mode);
    void set_source(std::size_t source);
    [[nodiscard]] double within_limits(double dbm) const;
    void apply_limits();
    /// A trigger is there for the channel, which may take it.
    void take_trigger();

    std::size_t mode_ = 0;
    std::size_t source_ = 0;
    std::size_t sweep_type_ = 0;
    std::size_t group_ = 1; ///< sweeps of a group
    bool waits_ = false;    ///< a single sweep or group waits for its trigger
    std::array<double, ports> power_limit_{};
    std::array<bool, ports> limited_{};
};

} // namespace phyll::bench
