#pragma once

#include "drivers/core/workers.hpp"
#include "sim/bench/microwave/surface.hpp"
#include "sim/physics/microwave/cavity.hpp"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <vector>

namespace phyll::bench {

/// The frequencies of a sweep, evenly spaced.
struct Band {
    double start = 0.0; ///< Hz
    double stop = 0.0;  ///< Hz
    std::size_t points = 0;

    [[nodiscard]] double frequency(std::size_t point) const {
        return points < 2 ? start
                          : start + (stop - start) * static_cast<double>(point) /
                                        static_cast<double>(points - 1);
    }
    bool operator==(const Band&) const = default;
};

/// The simulated device between the two ports of a VNA, at whatever frequencies it is measured.
/// Building it takes a third of a second; those lately used are kept. Thread rule: one caller.
class Cavities {
  public:
    /// `device` without its frequencies. Throws INVALID_ARGUMENT when it cannot be.
    Cavities(const physics::MicrowaveParameters& device, std::uint64_t seed, double f0);

    /// Nothing at frequencies that the physics cannot compute: outside 0.2 to 2 f0, closer to each
    /// other than 1e-4 f0, more than 1024 of them.
    [[nodiscard]] std::shared_ptr<const physics::MicrowaveCavity> at(const Band& band);

    /// S of receiver and source (0 or 1) at the frequencies of `cavity`. That from one port to the
    /// other is bit for bit the response of the simulated rig.
    [[nodiscard]] std::vector<std::complex<double>>
    scattering(const physics::MicrowaveCavity& cavity, const Surface::Pattern& pattern,
               std::size_t receiver, std::size_t source);

  private:
    struct Kept {
        Band band;
        std::shared_ptr<const physics::MicrowaveCavity> cavity;
    };

    physics::MicrowaveParameters device_;
    std::uint64_t seed_;
    double f0_;
    Workers workers_;
    std::list<Kept> kept_; ///< the one used last in front
};

} // namespace phyll::bench
