#pragma once

#include "drivers/core/random.hpp"
#include "sim/bench/microwave/cavities.hpp"
#include "sim/bench/microwave/surface.hpp"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace phyll::bench {

/// With what a sweep is measured.
struct SweepSettings {
    Band band{};
    double power = 0.0;      ///< dBm
    double bandwidth = 10e3; ///< Hz, of the receivers
    std::size_t averages = 1;
    bool rf = false;
};

/// Receivers that are not perfect.
struct ReceiverNoise {
    double rms = 0.0; ///< of real and of imaginary part of S, at -10 dBm and 10 kHz
    KeyedRandom random{1, "vna noise"};
};

/// A sweep: which pattern each of its points met. What was measured is computed when it is asked
/// for. Thread rule: the bench's thread.
class Sweep {
  public:
    /// `number` tells its noise from that of others.
    Sweep(std::shared_ptr<const physics::MicrowaveCavity> cavity, const SweepSettings& settings,
          std::uint64_t number)
        : cavity_(std::move(cavity)), settings_(settings), number_(number) {}

    /// The points before `end` that are not measured yet meet this pattern.
    void measure(std::size_t end, const Surface::Pattern& pattern);

    [[nodiscard]] const SweepSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] std::size_t measured() const noexcept { return measured_; }
    /// S of receiver and source (0 or 1) at the points that are measured. Where the RF is off or
    /// the physics has nothing to say it is noise.
    [[nodiscard]] std::vector<std::complex<double>> values(Cavities& cavities,
                                                           const ReceiverNoise& noise,
                                                           std::size_t receiver,
                                                           std::size_t source) const;

  private:
    struct Part {
        std::size_t first;
        Surface::Pattern pattern;
    };

    [[nodiscard]] double noise_rms(const ReceiverNoise& noise, bool signal) const;

    std::shared_ptr<const physics::MicrowaveCavity> cavity_;
    SweepSettings settings_;
    std::uint64_t number_;
    std::size_t measured_ = 0;
    std::vector<Part> parts_;
};

} // namespace phyll::bench
