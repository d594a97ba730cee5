#pragma once

#include "sim/bench/electronic/generator.hpp"
#include "sim/bench/scpi/settings.hpp"

#include <bit>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace phyll::bench {

/// A Keysight 33500B, as its "Operating and Service Guide" describes its remote interface, without
/// sweeps, modulation, counters, files, sequences and built-in waveforms. Codes of 16 bits, -32768
/// and 32767 being the low and the high level. `DATA:VOLatile:CLEar` leaves the flat waveform that
/// it is switched on with.
class Keysight33500 final : public Generator {
  public:
    /// `serial` stands in its identity.
    Keysight33500(const std::string& serial, OutputErrors errors, Play play);

    [[nodiscard]] std::optional<UsbIds> usb_ids() const override {
        return UsbIds{.vendor = 0x0957, .product = 0x2C07};
    }

  private:
    using Waveform = std::shared_ptr<const std::vector<double>>;

    /// What only this language can set; choices are places in their lists of keywords.
    struct Own {
        std::size_t function = 0;
        std::string waveform;
        std::size_t filter = 0;
        std::size_t byte_order = 0;
        std::size_t unit = 0;
        std::size_t burst_mode = 0;
        std::size_t trigger_source = 0;
        std::size_t trigger_slope = 0;
        std::size_t trigger_output_slope = 0;
        bool sync = true;
    };

    void reset() override;
    void trigger() override;

    void add_function_commands();
    void add_data_commands();
    void add_level_commands();
    void add_limit_commands();
    void add_output_commands();
    void add_trigger_commands();

    [[nodiscard]] std::endian order() const;
    void store(const std::string& name, std::vector<double> fractions);
    void download_codes(Call& call);
    void download_numbers(Call& call);
    void clear_memory();
    [[nodiscard]] std::size_t points_stored() const;
    void set_load(Call& call);
    void limit(bool on);
    void fire_bus_trigger();

    Own own_;
    std::map<std::string, Waveform> memory_; ///< by name, in capitals
};

} // namespace phyll::bench
