#pragma once

#include "canvas.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace phyll::cli {

/// Curves over an axis that they share.
struct Chart {
    struct Curve {
        std::string name;      ///< short
        std::vector<double> x; ///< rising
        /// As many as `x` has; a curve is interrupted where one is not finite.
        std::vector<double> y;
        bool steps = false; ///< flat from each x halfway to its neighbours, and filled below
        bool dots = false;  ///< a sign at every point, each curve its own, and no line
    };
    /// A line across the plot that says what happened there.
    struct Mark {
        double x;
        std::string name; ///< short
    };
    struct Range {
        double least;
        double most;
    };
    std::string title;
    std::string x_label;
    std::string y_label;
    std::vector<Curve> curves;
    std::optional<Range> y_range{}; ///< what the axis shows at least
    std::vector<Mark> marks{};      ///< rising; those beyond the curves are not drawn
    bool log_y = false;             ///< powers of ten; what is not above 0 lies on the axis
    bool whole_x = false;           ///< x counts something: no ticks between whole numbers
};

/// Draws a chart that fills `box`. One without a point in it says so.
void draw(Canvas& canvas, const Chart& chart, const Box& box);

/// As a PNG file. Throws INTERNAL when it cannot be made.
[[nodiscard]] std::vector<std::byte> png_of(const Chart& chart);

} // namespace phyll::cli
