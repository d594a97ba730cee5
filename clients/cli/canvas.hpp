#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::cli {

struct Point {
    double x;
    double y; ///< downwards
};

struct Box {
    double x;
    double y;
    double width;
    double height;

    [[nodiscard]] double right() const noexcept { return x + width; }
    [[nodiscard]] double bottom() const noexcept { return y + height; }
};

/// What something is drawn with. The last four are told apart by dashes as well as by colour.
enum class Ink { paper, text, muted, grid, first, second, third, fourth };

/// The inks that tell curves apart, in turn.
[[nodiscard]] Ink ink_of(std::size_t curve) noexcept;
/// Lengths of dashes and gaps in turn; empty: none.
[[nodiscard]] std::span<const double> dashes_of(Ink ink) noexcept;

/// Where pictures are drawn, in units of a pixel at its usual size.
class Canvas {
  public:
    enum class Anchor { begin, middle, end };

    Canvas() = default;
    Canvas(const Canvas&) = delete;
    Canvas& operator=(const Canvas&) = delete;
    virtual ~Canvas() = default;

    /// A thin line without dashes.
    virtual void line(Point from, Point to, Ink ink) = 0;
    /// Two points or more.
    virtual void curve(std::span<const Point> points, Ink ink) = 0;
    virtual void dot(Point at, Ink ink) = 0;
    /// Filled; `strength` 0 lets everything through, 1 nothing.
    virtual void area(const Box& box, Ink ink, double strength) = 0;
    /// On one line; `size` is that of its letters. Upright text runs upwards.
    virtual void text(Point at, std::string_view words, Anchor anchor, Ink ink, double size,
                      bool upright = false) = 0;
};

/// Markup for a page that has `svg_style`; in the page's own colours.
class SvgCanvas final : public Canvas {
  public:
    /// `about`: what it shows, for those who cannot see it.
    SvgCanvas(double width, double height, std::string_view about);

    void line(Point from, Point to, Ink ink) override;
    void curve(std::span<const Point> points, Ink ink) override;
    void dot(Point at, Ink ink) override;
    void area(const Box& box, Ink ink, double strength) override;
    void text(Point at, std::string_view words, Anchor anchor, Ink ink, double size,
              bool upright = false) override;

    /// The whole element; called once.
    [[nodiscard]] std::string take();

  private:
    std::string out_;
};

/// The rules of a style sheet for what SvgCanvas draws; the colours are the page's variables
/// --paper,
/// --text, --muted, --grid, --c1 to --c4.
[[nodiscard]] std::string svg_style();

/// A text as it stands in XML and HTML, between tags or in an attribute. Controls, which XML has no
/// way to write, become U+FFFD.
[[nodiscard]] std::string in_markup(std::string_view text);

} // namespace phyll::cli
