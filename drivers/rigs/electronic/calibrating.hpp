#pragma once

#include "drivers/rigs/electronic/encoding.hpp"
#include "drivers/rigs/electronic/player.hpp"

#include <vector>

namespace phyll::rigs {

/// What a calibration of the electronic rig measures.
struct ElectronicCalibration {
    double latency = 0.0; ///< s; from the trigger to the beginning of the waveform
    OutputCorrection correction;
    double rest_time = 0.0; ///< s; at 0 V before a sample, for the circuit to have settled
};

/// What it is measured with. `encoding.rest_holds` is what is taken to be enough.
struct CalibrationBench {
    const Encoding& encoding;
    const instruments::DigitiserChannel& monitor;
    const std::vector<instruments::DigitiserChannel>& channels;
    double expected_latency; ///< s
};

/// Measures, with what is in `player` prepared to play:
/// - the latency, from the rise of the marker, in windows that get narrower, to 2e-5 of a hold;
/// - scale and offset of the generator's output as the monitor sees it, from a straight line
/// through
///   drives all over the range;
/// - how long each channel takes to come to rest from either end of the range held for a sample:
/// until
///   it stays within one step of the converter, or three times its noise, and a quarter more.
/// Throws UNAVAILABLE naming what could not be measured and what to do.
[[nodiscard]] ElectronicCalibration calibrate(Player& player, const CalibrationBench& bench,
                                              const Patience& patience);

} // namespace phyll::rigs
