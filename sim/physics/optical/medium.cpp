#include "sim/physics/optical/medium.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/kernels/complex_product.hpp"
#include "drivers/core/kernels/normal.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phyll::physics {
namespace {

using phyll::kernels::MatrixView;

constexpr std::size_t most_components = 64;

std::size_t panels_of(std::size_t outputs) {
    const std::size_t wide = phyll::kernels::phyll_complex_panel_rows();
    return (outputs + wide - 1) / wide;
}

MatrixView rows_of(const float* data, std::size_t rows, std::size_t depth) {
    return {.data = data, .rows = rows, .depth = depth, .row_stride = depth, .depth_stride = 1};
}

} // namespace

ScatteringMedium::ScatteringMedium(std::uint64_t seed, std::size_t inputs, std::size_t outputs,
                                   std::size_t grains, Workers& workers)
    : key_(derive_key(seed, "scattering medium")),
      other_key_(derive_key(seed, "scattering medium, elsewhere")),
      inputs_(inputs),
      outputs_(outputs),
      grains_(grains),
      components_(std::min(inputs, most_components)),
      workers_(workers),
      packed_(panels_of(outputs) * grains * phyll::kernels::phyll_complex_panel_floats(inputs)) {
    pack();
}

void ScatteringMedium::turn(std::span<const double> angles) {
    if (angles.size() != components()) {
        throw invalid_field("offsets", fmt::format("{} numbers for {} components of the medium",
                                                   angles.size(), components()));
    }
    cosine_.clear();
    sine_.clear();
    if (std::ranges::any_of(angles, [](double angle) { return angle != 0.0; })) {
        for (std::size_t k = 0; k < inputs_; ++k) {
            cosine_.push_back(static_cast<float>(std::cos(angles[k % components_])));
            sine_.push_back(static_cast<float>(std::sin(angles[k % components_])));
        }
    }
    pack();
}

void ScatteringMedium::pack() {
    workers_.run(panels_of(outputs_) * grains_,
                 [&](std::size_t task) { pack_panel(task / grains_, task % grains_); });
}

void ScatteringMedium::pack_panel(std::size_t panel, std::size_t grain) {
    const std::size_t wide = phyll::kernels::phyll_complex_panel_rows();
    const std::size_t first = panel * wide;
    const std::size_t count = std::min(wide, outputs_ - first);
    std::vector<float> real(count * inputs_);
    std::vector<float> imaginary(count * inputs_);
    for (std::size_t i = 0; i < count; ++i) {
        draw_row(first + i, grain, std::span(real).subspan(i * inputs_, inputs_),
                 std::span(imaginary).subspan(i * inputs_, inputs_));
    }
    const MatrixView real_rows = rows_of(real.data(), count, inputs_);
    const MatrixView imaginary_rows = rows_of(imaginary.data(), count, inputs_);
    phyll::kernels::phyll_complex_pack(&real_rows, &imaginary_rows,
                                       packed_.data() +
                                           (panel * grains_ + grain) *
                                               phyll::kernels::phyll_complex_panel_floats(inputs_));
}

void ScatteringMedium::draw_row(std::size_t output, std::size_t grain, std::span<float> real,
                                std::span<float> imaginary) const {
    const std::uint64_t row = output * grains_ + grain;
    const auto deviation = static_cast<float>(std::sqrt(0.5 / static_cast<double>(inputs_)));
    // The real parts of a row come first, the imaginary ones from the next multiple of 64 on.
    const std::size_t half = (inputs_ + 63) / 64 * 64;
    std::vector<float> other(sine_.size());
    const auto draw = [&](std::size_t first, std::span<float> numbers) {
        phyll::kernels::phyll_normals(key_, row, first, inputs_, numbers.data());
        if (!other.empty()) {
            phyll::kernels::phyll_normals(other_key_, row, first, inputs_, other.data());
            for (std::size_t k = 0; k < inputs_; ++k) {
                numbers[k] = cosine_[k] * numbers[k] + sine_[k] * other[k];
            }
        }
        for (float& number : numbers) {
            number *= deviation;
        }
    };
    draw(0, real);
    draw(half, imaginary);
}

void ScatteringMedium::intensity(const Fields& fields, std::size_t first, std::size_t count,
                                 float scale, float* intensity, std::size_t stride) const {
    namespace k = phyll::kernels;
    const std::size_t panel = first / k::phyll_complex_panel_rows();
    AlignedFloats scratch(k::phyll_complex_scratch_floats(inputs_));
    const MatrixView real = rows_of(fields.real, fields.samples, inputs_);
    const MatrixView imaginary = rows_of(fields.imaginary, fields.samples, inputs_);
    k::phyll_complex_intensity(
        packed_.data() + panel * grains_ * k::phyll_complex_panel_floats(inputs_), grains_, count,
        &real, fields.imaginary == nullptr ? nullptr : &imaginary,
        scale / static_cast<float>(grains_), intensity, stride, scratch.data());
}

std::vector<std::complex<float>> ScatteringMedium::row(std::size_t output,
                                                       std::size_t grain) const {
    std::vector<float> real(inputs_);
    std::vector<float> imaginary(inputs_);
    draw_row(output, grain, real, imaginary);
    std::vector<std::complex<float>> entries;
    entries.reserve(inputs_);
    for (std::size_t k = 0; k < inputs_; ++k) {
        entries.emplace_back(real[k], imaginary[k]);
    }
    return entries;
}

} // namespace phyll::physics
