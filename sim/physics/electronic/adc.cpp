#include "sim/physics/electronic/adc.hpp"

#include <algorithm>
#include <cmath>

namespace phyll::physics {

Adc::Adc(unsigned bits, double range)
    : codes_(bits == 0 ? 0U : 1U << bits),
      step_(bits == 0 ? 0.0 : 2 * range / codes_),
      offset_(-range) {}

float Adc::read(float volts) const noexcept {
    if (!quantises()) {
        return volts;
    }
    const double code = std::nearbyint((volts - offset_) / step_);
    return static_cast<float>(offset_ + step_ * std::clamp(code, 0.0, codes_ - 1.0));
}

} // namespace phyll::physics
