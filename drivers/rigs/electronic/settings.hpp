#pragma once

#include "drivers/instruments/digitiser.hpp"
#include "drivers/instruments/waveform_generator.hpp"
#include "drivers/rigs/electronic/encoding.hpp"

#include <cstddef>
#include <vector>

namespace phyll::rigs {

namespace v1 {
class ElectronicInstrumentsOptions;
} // namespace v1

/// What the options of the electronic rig come to.
struct ElectronicSettings {
    Encoding encoding;
    std::vector<std::size_t> nodes;                      ///< of the circuit, for names
    std::vector<instruments::DigitiserChannel> channels; ///< that see them, in the same order
    instruments::DigitiserChannel monitor;
    instruments::GeneratorSetup playing;
    unsigned trigger_channel = 0;
    unsigned retakes = 0;
    std::size_t samples_per_record = 1;
    double rest_time = 0.0; ///< s

    [[nodiscard]] std::size_t n_out() const noexcept {
        return channels.size() * encoding.reads.size();
    }
};

/// Throws INVALID_ARGUMENT naming the option that is wrong. Every default is filled in.
[[nodiscard]] ElectronicSettings
electronic_settings(const v1::ElectronicInstrumentsOptions& options);

} // namespace phyll::rigs
