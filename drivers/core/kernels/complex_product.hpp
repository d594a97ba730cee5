#pragma once

#include "drivers/core/kernels/level.hpp"
#include "drivers/core/kernels/matrix_view.hpp"

// Complex matrix products E = T s in planes: real and imaginary parts are two float matrices. The
// left operand T is packed once, panel by panel, and then shared. The right one is s as rows of
// samples; its imaginary part may be left out, which halves the work.
//
// Each element of E is one sum in order from step 0: its bits depend on its two rows alone.
namespace phyll::kernels {

extern "C" {

/// Rows of T in a panel.
__attribute__((visibility("default"))) std::size_t phyll_complex_panel_rows();

/// Room of one panel, in floats.
__attribute__((visibility("default"))) std::size_t phyll_complex_panel_floats(std::size_t depth);

/// Packs one panel: up to phyll_complex_panel_rows() rows, the rest become zero. The two views
/// have the same shape. `panel` is aligned to 64 bytes.
__attribute__((visibility("default"))) void
phyll_complex_pack(const MatrixView* real, const MatrixView* imaginary, float* panel);

/// Room that the products below need for themselves, in floats; aligned to 64 bytes.
__attribute__((visibility("default"))) std::size_t phyll_complex_scratch_floats(std::size_t depth);

/// For every row l of T (`rows` of them, packed) and sample r:
///   real[r * stride + l] + i imaginary[r * stride + l] = sum over d of T(l, d) s(r, d)
/// `s_imaginary` may be null.
__attribute__((visibility("default"))) void
phyll_complex_product(const float* packed, std::size_t rows, const MatrixView* s_real,
                      const MatrixView* s_imaginary, float* real, float* imaginary,
                      std::size_t stride, float* scratch);

/// What a detector of `grains` independent speckle grains sees, without E ever being stored:
///   intensity[r * stride + l] = scale * sum over grains g of |sum over d of T_g(l, d) s(r, d)|^2
/// The panels of the `grains` matrices alternate: panel 0 of T_0, panel 0 of T_1, ..., panel 1 of
/// T_0, ... Grains are added in order. `s_imaginary` may be null.
__attribute__((visibility("default"))) void
phyll_complex_intensity(const float* packed, std::size_t grains, std::size_t rows,
                        const MatrixView* s_real, const MatrixView* s_imaginary, float scale,
                        float* intensity, std::size_t stride, float* scratch);
}

} // namespace phyll::kernels
