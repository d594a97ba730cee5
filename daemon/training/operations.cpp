#include "daemon/training/operations.hpp"

namespace phyll::training {
namespace {

constexpr double per_parameter = 13.0;
constexpr double per_z = 4.0;
constexpr double per_z_with_gradient = 7.0;
constexpr double per_score = 8.0;

double product(std::size_t a, std::size_t b, std::size_t c = 1) noexcept {
    return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

} // namespace

double affine_operations(std::size_t features, std::size_t width, std::size_t samples) noexcept {
    return 2.0 * product(features, width, samples); // the bias is what each sum begins with
}

double affine_gradient_operations(std::size_t features, std::size_t width,
                                  std::size_t samples) noexcept {
    return 2.0 * product(features, width, samples) + product(width, samples);
}

double adam_operations(std::size_t parameters) noexcept {
    return per_parameter * static_cast<double>(parameters);
}

double goodness_operations(std::size_t width, std::size_t samples) noexcept {
    return per_z * product(width, samples);
}

double goodness_gradient_operations(std::size_t width, std::size_t samples) noexcept {
    return per_z_with_gradient * product(width, samples);
}

double local_learning_operations(std::size_t features, std::size_t width, std::size_t samples,
                                 std::uint64_t steps) noexcept {
    return static_cast<double>(steps) * (affine_operations(features, width, samples) +
                                         goodness_gradient_operations(width, samples) +
                                         affine_gradient_operations(features, width, samples) +
                                         adam_operations((features + 1) * width));
}

double judging_operations(std::size_t features, std::size_t width, std::size_t samples) noexcept {
    return affine_operations(features, width, samples) + goodness_operations(width, samples);
}

double gram_operations(std::size_t features, std::size_t samples) noexcept {
    return product(features, features + 1, samples) + product(features, samples);
}

double cholesky_operations(std::size_t features, std::size_t targets) noexcept {
    return product(features, features, features) / 3.0 + 2.0 * product(features, features, targets);
}

double softmax_gradient_operations(std::size_t features, std::size_t classes,
                                   std::size_t samples) noexcept {
    return affine_operations(features, classes, samples) + per_score * product(classes, samples) +
           affine_gradient_operations(features, classes, samples);
}

} // namespace phyll::training
