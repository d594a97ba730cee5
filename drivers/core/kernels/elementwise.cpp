#include "drivers/core/kernels/elementwise.hpp"

#include "drivers/core/kernels/vector.hpp"

namespace phyll::kernels {

void phyll_adam(const AdamStep* step, std::size_t count, const float* gradient, float* parameter,
                float* first, float* second) {
    const AdamStep s = *step;
    for (std::size_t i = 0; i < count; i += lanes) {
        const std::size_t left = count - i;
        const Floats g = load_some(gradient + i, left);
        const Floats mean = s.beta1 * load_some(first + i, left) + (1.0F - s.beta1) * g;
        const Floats square = s.beta2 * load_some(second + i, left) + (1.0F - s.beta2) * g * g;
        const Floats change = s.rate * mean / (square_root(s.unbias * square) + s.epsilon);
        store_some(mean, first + i, left);
        store_some(square, second + i, left);
        store_some(load_some(parameter + i, left) - change, parameter + i, left);
    }
}

void phyll_sum_samples(const float* values, std::size_t stride, std::size_t count,
                       std::size_t samples, float* sum) {
    for (std::size_t k = 0; k < count; k += lanes) {
        const std::size_t left = count - k;
        Floats total{};
        for (std::size_t i = 0; i < samples; ++i) {
            total += load_some(values + i * stride + k, left);
        }
        store_some(total, sum + k, left);
    }
}

} // namespace phyll::kernels
