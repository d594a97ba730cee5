#pragma once

#include "drivers/core/random.hpp"
#include "sim/physics/microwave/cavity.hpp"

#include <cstdint>
#include <vector>

namespace phyll::test {

/// A device that is solved in full within a ms or two: 60 wires, 12 atoms, 3 rods, 5 frequencies.
inline physics::MicrowaveParameters small_cavity() {
    physics::MicrowaveParameters p;
    p.perimeter = 12.0;
    p.wire_spacing = 0.2;
    p.atoms = 12;
    p.rods = 3;
    p.port_distance = 1.0;
    p.points = 5;
    return p;
}

/// On or off for each of `atoms`, at random.
inline std::vector<std::uint8_t> random_pattern(std::size_t atoms, std::uint64_t number) {
    const KeyedRandom random(1, "pattern");
    std::vector<std::uint8_t> pattern(atoms);
    for (std::size_t i = 0; i < atoms; ++i) {
        pattern[i] = random.uniform(number, i) < 0.5 ? 0 : 1;
    }
    return pattern;
}

/// Random patterns as a block of drives.
inline OwnedBlock random_drives(std::size_t atoms, std::size_t samples) {
    OwnedBlock x(atoms, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        const std::vector<std::uint8_t> pattern = random_pattern(atoms, i);
        std::copy(pattern.begin(), pattern.end(), x.sample(i).begin());
    }
    return x;
}

} // namespace phyll::test
