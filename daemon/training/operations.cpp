#include "daemon/training/operations.hpp"

namespace phyll::training {
namespace {

constexpr double per_parameter = 13.0;
constexpr double per_z_and_direction = 2.0;
constexpr double per_z_of_norm = 2.0;
constexpr double per_z_of_gradient = 3.0;
constexpr double per_score = 8.0;
constexpr double per_pair = 12.0;

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

double goodness_operations(std::size_t width, std::size_t samples,
                           std::size_t directions) noexcept {
    return (per_z_of_norm + per_z_and_direction * static_cast<double>(directions)) *
           product(width, samples);
}

double goodness_gradient_operations(std::size_t width, std::size_t samples,
                                    std::size_t directions) noexcept {
    const double along =
        directions == 1 ? 0.0 : per_z_and_direction * static_cast<double>(directions);
    return goodness_operations(width, samples, directions) +
           (per_z_of_gradient + along) * product(width, samples);
}

double local_learning_operations(std::size_t features, std::size_t width, std::size_t samples,
                                 std::uint64_t steps, std::size_t directions) noexcept {
    return static_cast<double>(steps) * (affine_operations(features, width, samples) +
                                         goodness_gradient_operations(width, samples, directions) +
                                         affine_gradient_operations(features, width, samples) +
                                         adam_operations((features + 1) * width));
}

double contrast_operations(std::size_t width, std::size_t samples) noexcept {
    return 3.0 * affine_operations(width, samples, samples) + per_pair * product(samples, samples);
}

double judging_operations(std::size_t features, std::size_t width, std::size_t samples,
                          std::size_t directions) noexcept {
    return affine_operations(features, width, samples) +
           goodness_operations(width, samples, directions);
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
