#include "daemon/training/adam.hpp"

#include <cassert>
#include <cmath>

namespace phyll::training {

Adam::Adam(std::size_t parameters, const AdamSettings& settings)
    : settings_(settings), first_(parameters), second_(parameters) {}

void Adam::update(std::span<float> parameters, std::span<const float> gradient,
                  double learning_rate, std::uint64_t step) {
    assert(parameters.size() == first_.size() && gradient.size() == first_.size() && step > 0);
    const auto t = static_cast<double>(step);
    const auto beta1 = static_cast<float>(settings_.beta1);
    const auto beta2 = static_cast<float>(settings_.beta2);
    const auto epsilon = static_cast<float>(settings_.epsilon);
    // Both moments start at zero; these undo the bias towards it.
    const auto rate = static_cast<float>(learning_rate / (1.0 - std::pow(settings_.beta1, t)));
    const auto unbias = static_cast<float>(1.0 / (1.0 - std::pow(settings_.beta2, t)));
    for (std::size_t i = 0; i < gradient.size(); ++i) {
        const float g = gradient[i];
        first_[i] = beta1 * first_[i] + (1.0F - beta1) * g;
        second_[i] = beta2 * second_[i] + (1.0F - beta2) * g * g;
        parameters[i] -= rate * first_[i] / (std::sqrt(unbias * second_[i]) + epsilon);
    }
}

} // namespace phyll::training
