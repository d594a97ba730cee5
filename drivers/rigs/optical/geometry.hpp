#pragma once

#include "drivers/instruments/camera.hpp"
#include "drivers/instruments/slm.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace phyll::rigs {

/// Levels of a display, row by row.
using Picture = std::vector<std::uint8_t>;

/// Where the inputs of a rig are on its display: squares, row by row.
struct PictureGeometry {
    std::size_t columns = 0;
    std::size_t rows = 0;
    std::size_t side = 0; ///< of a square, in pixels of the display; 0: as large as fits
    std::optional<std::size_t> left{}; ///< without it in the middle
    std::optional<std::size_t> top{};

    [[nodiscard]] std::size_t inputs() const noexcept { return columns * rows; }

    /// The same on a display of that size, with nothing left open. Throws FAILED_PRECONDITION when
    /// it is too small.
    [[nodiscard]] PictureGeometry on(const instruments::Slm::Size& display) const;
};

/// Drives in [0, 1] as levels, 255 at full drive; what is not an input is level 0. `geometry` has
/// nothing left open.
[[nodiscard]] Picture picture_of(std::span<const float> drives, const PictureGeometry& geometry,
                                 const instruments::Slm::Size& display);

/// Where the outputs of a rig are in a frame: squares, row by row, from its corner on.
struct FrameGeometry {
    std::size_t outputs = 0;
    std::size_t columns = 0;
    std::size_t side = 0; ///< of a square, in pixels of the frame

    [[nodiscard]] std::size_t rows() const noexcept { return (outputs + columns - 1) / columns; }
    [[nodiscard]] std::size_t width() const noexcept { return columns * side; }
    [[nodiscard]] std::size_t height() const noexcept { return rows() * side; }
};

/// The mean count of each square.
void read_super_pixels(const instruments::Frame& frame, const FrameGeometry& geometry,
                       std::span<float> outputs);

/// Of the counts of a speckle; 0 of none.
[[nodiscard]] double mean_of(std::span<const float> speckle);

/// Root mean square of the difference of two speckles, in counts.
[[nodiscard]] double distance(std::span<const float> a, std::span<const float> b);

/// Pearson's correlation of two speckles; 0 where one does not vary.
[[nodiscard]] double correlation(std::span<const float> a, std::span<const float> b);

} // namespace phyll::rigs
