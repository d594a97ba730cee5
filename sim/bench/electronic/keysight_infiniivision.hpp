#pragma once

#include "sim/bench/electronic/digitiser.hpp"
#include "sim/bench/scpi/settings.hpp"

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace phyll::bench {

/// A Keysight InfiniiVision 3000T, as its programmer's guide describes it, without measurements,
/// maths, digital channels, protocols, files and the screen.
///
/// Where real ones leave freedom, this one does so:
/// - `:WAVeform:POINts n` gives exactly n points in every points mode, for any n of 100 to
///   4,000,000; point i is at `:TIMebase:RANGe` i / n after the left edge of the screen. Their
///   number may change after the record was taken. `:ACQuire:POINts?` and `:ACQuire:SRATe?` follow
///   it.
/// - With `:TIMebase:REFerence LEFT` the left edge is at `:TIMebase:POSition`; the reference of
/// real
///   ones is a division to the right of it. The preamble's XORigin tells the edge on both.
/// - The converter has 4096 codes over `:CHANnel<n>:RANGe`, in offset binary around
///   `:CHANnel<n>:OFFSet`; WORD codes are these times 16, BYTE codes their upper 8 bits.
/// - It ends a record at once, or after the record time of the bench; `:DIGitize` does not block.
/// - A record that was never taken is no data: -230, and no reply. A channel that is not displayed
///   is -221.
class KeysightInfiniivision final : public Digitiser {
  public:
    /// `serial` stands in its identity.
    KeysightInfiniivision(const std::string& serial, Loop& loop, const Site& site,
                          DigitiserNature nature);

    [[nodiscard]] std::optional<UsbIds> usb_ids() const override {
        return UsbIds{.vendor = 0x2A8D, .product = 0x1766};
    }

  private:
    /// What only this language can set; choices are places in their lists of keywords.
    struct Own {
        double range = 1e-3;   ///< s
        double position = 0.0; ///< s
        std::size_t reference = 1;
        std::size_t timebase_mode = 0;
        std::size_t type = 0;
        std::size_t trigger_mode = 0;
        std::size_t sweep = 0;
        std::size_t source = 0; ///< channel from 0
        std::size_t format = 0;
        std::size_t byte_order = 0;
        std::size_t points_mode = 0;
        std::size_t points = 1000;
        bool is_unsigned = true;
        std::array<std::size_t, channels> unit{};
        std::array<bool, channels> narrow{};
    };

    void reset() override;

    void add_run_commands();
    void add_timebase_commands();
    void add_channel_commands();
    void add_trigger_commands();
    void add_waveform_commands();
    void add_channel_number(std::string_view pattern, double Channel::* member, NumberRange range);

    void place_window();
    void set_probe(Channel& channel, double attenuation);
    [[nodiscard]] std::string source_name() const;
    void set_source(Call& call);
    [[nodiscard]] const Record& readable() const;
    [[nodiscard]] std::uint32_t code(std::size_t point, const Channel& channel) const;
    [[nodiscard]] std::string preamble() const;
    [[nodiscard]] std::string data() const;

    Own own_;
};

} // namespace phyll::bench
