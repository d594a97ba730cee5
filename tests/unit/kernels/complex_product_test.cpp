#include "drivers/core/kernels/complex_product.hpp"
#include "tests/unit/kernels/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <complex>

using namespace phyll;
using namespace phyll::kernels;
using test::Matrix;
using Order = Matrix::Order;

namespace {

/// `grains` complex matrices of rows x depth, packed with their panels alternating.
class Medium {
  public:
    Medium(std::size_t grains, std::size_t rows, std::size_t depth)
        : grains_(grains),
          rows_(rows),
          depth_(depth),
          real_(grains * rows, depth, Order::rows, "real"),
          imaginary_(grains * rows, depth, Order::rows, "imaginary") {
        const std::size_t wide = phyll_complex_panel_rows();
        const std::size_t panels = (rows + wide - 1) / wide;
        packed_ = AlignedFloats(panels * grains * phyll_complex_panel_floats(depth));
        for (std::size_t panel = 0; panel < panels; ++panel) {
            const std::size_t count = std::min(wide, rows - panel * wide);
            for (std::size_t grain = 0; grain < grains; ++grain) {
                const std::size_t first = grain * rows + panel * wide;
                const MatrixView real = real_.slice(first, count);
                const MatrixView imaginary = imaginary_.slice(first, count);
                phyll_complex_pack(&real, &imaginary,
                                   packed_.data() + (panel * grains + grain) *
                                                        phyll_complex_panel_floats(depth));
            }
        }
    }

    [[nodiscard]] std::complex<double> at(std::size_t grain, std::size_t row, std::size_t d) const {
        return {static_cast<double>(real_.at(grain * rows_ + row, d)),
                static_cast<double>(imaginary_.at(grain * rows_ + row, d))};
    }
    [[nodiscard]] std::vector<float> intensity(const MatrixView& real, const MatrixView* imaginary,
                                               float scale) const {
        AlignedFloats scratch(phyll_complex_scratch_floats(depth_));
        std::vector<float> result(rows_ * real.rows);
        phyll_complex_intensity(packed_.data(), grains_, rows_, &real, imaginary, scale,
                                result.data(), rows_, scratch.data());
        return result;
    }
    void product(const MatrixView& s_real, const MatrixView* s_imaginary, std::vector<float>& real,
                 std::vector<float>& imaginary) const {
        AlignedFloats scratch(phyll_complex_scratch_floats(depth_));
        real.resize(rows_ * s_real.rows);
        imaginary.resize(real.size());
        phyll_complex_product(packed_.data(), rows_, &s_real, s_imaginary, real.data(),
                              imaginary.data(), rows_, scratch.data());
    }

  private:
    std::size_t grains_;
    std::size_t rows_;
    std::size_t depth_;
    Matrix real_;
    Matrix imaginary_;
    AlignedFloats packed_;
};

std::complex<double> field(const Medium& medium, std::size_t grain, std::size_t row,
                           const Matrix& real, const Matrix* imaginary, std::size_t sample,
                           std::size_t depth) {
    std::complex<double> sum;
    for (std::size_t d = 0; d < depth; ++d) {
        const double i = imaginary == nullptr ? 0.0 : static_cast<double>(imaginary->at(sample, d));
        sum += medium.at(grain, row, d) *
               std::complex<double>(static_cast<double>(real.at(sample, d)), i);
    }
    return sum;
}

} // namespace

TEST_CASE("a complex product and the intensity of its grains are what they say") {
    const bool complex = GENERATE(true, false);
    const auto [rows, samples, depth] = GENERATE(table<std::size_t, std::size_t, std::size_t>(
        {{1, 1, 1}, {5, 3, 7}, {16, 8, 64}, {37, 71, 130}}));
    CAPTURE(complex, rows, samples, depth);
    const Matrix real(samples, depth, Order::rows, "s real");
    const Matrix imaginary(samples, depth, Order::rows, "s imaginary");
    const MatrixView real_view = real.view();
    const MatrixView imaginary_view = imaginary.view();
    const MatrixView* second = complex ? &imaginary_view : nullptr;

    constexpr std::size_t grains = 3;
    const Medium medium(grains, rows, depth);
    const Medium alone(1, rows, depth); // its matrix is the first of `medium`
    const std::vector<float> intensity = medium.intensity(real_view, second, 0.5F);
    std::vector<float> e_real;
    std::vector<float> e_imaginary;
    alone.product(real_view, second, e_real, e_imaginary);

    double worst = 0.0;
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t l = 0; l < rows; ++l) {
            double sum = 0.0;
            for (std::size_t g = 0; g < grains; ++g) {
                sum +=
                    std::norm(field(medium, g, l, real, complex ? &imaginary : nullptr, i, depth));
            }
            const double seen = static_cast<double>(intensity[i * rows + l]);
            worst = std::max(worst, std::abs(seen - 0.5 * sum) / (1.0 + sum));
            const std::complex<double> e =
                field(alone, 0, l, real, complex ? &imaginary : nullptr, i, depth);
            const std::complex<double> got(static_cast<double>(e_real[i * rows + l]),
                                           static_cast<double>(e_imaginary[i * rows + l]));
            worst = std::max(worst, std::abs(got - e) / (1.0 + std::abs(e)));
        }
    }
    REQUIRE(worst < 1e-5);
}

TEST_CASE("a sample's intensities do not depend on its batch, to the last bit") {
    constexpr std::size_t samples = 500;
    constexpr std::size_t depth = 90;
    constexpr std::size_t rows = 41;
    const bool complex = GENERATE(true, false);
    const std::size_t batch = GENERATE(1U, 7U, 64U);
    const Matrix real(samples, depth, Order::rows, "s real");
    const Matrix imaginary(samples, depth, Order::rows, "s imaginary");
    const Medium medium(2, rows, depth);
    const auto part = [&](std::size_t first, std::size_t count) {
        const MatrixView second = imaginary.slice(first, count);
        return medium.intensity(real.slice(first, count), complex ? &second : nullptr, 1.0F);
    };
    const std::vector<float> together = part(0, samples);
    std::vector<float> apart;
    for (std::size_t first = 0; first < samples; first += batch) {
        const std::vector<float> some = part(first, std::min(batch, samples - first));
        apart.insert(apart.end(), some.begin(), some.end());
    }
    REQUIRE(apart == together);
}
