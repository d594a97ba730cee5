#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace phyll::cli {

/// Levels over frequency.
struct Chart {
    struct Curve {
        std::string name;       ///< short
        std::vector<double> db; ///< as many as `x` has
    };
    std::string title;
    std::string x_label;
    std::string y_label;
    std::vector<double> x; ///< 2 or more, rising
    std::vector<Curve> curves;
};

/// As a PNG file. Throws INTERNAL when it cannot be made.
[[nodiscard]] std::vector<std::byte> png_of(const Chart& chart);

} // namespace phyll::cli
