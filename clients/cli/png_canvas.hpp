#pragma once

#include "canvas.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace phyll::cli {

/// A picture on white.
class PngCanvas final : public Canvas {
  public:
    /// `scale`: pixels per unit.
    PngCanvas(double width, double height, double scale);
    ~PngCanvas() override;

    void line(Point from, Point to, Ink ink) override;
    void curve(std::span<const Point> points, Ink ink) override;
    void dot(Point at, Ink ink) override;
    void area(const Box& box, Ink ink, double strength) override;
    void text(Point at, std::string_view words, Anchor anchor, Ink ink, double size,
              bool upright = false) override;

    /// As a PNG file. Throws INTERNAL when it cannot be made.
    [[nodiscard]] std::vector<std::byte> png() const;

  private:
    struct Cairo;
    void use(Ink ink, double strength = 1.0);

    std::unique_ptr<Cairo> cairo_;
};

} // namespace phyll::cli
