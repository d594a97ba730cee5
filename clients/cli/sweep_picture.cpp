#include "sweep_picture.hpp"

#include "chart.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>

namespace phyll::cli {
namespace {

/// Below it is noise, and 0 has no logarithm.
constexpr double lowest_db = -120.0;

Chart::Curve curve_of(const char* name, const std::vector<double>& frequencies,
                      const google::protobuf::RepeatedField<float>& values) {
    Chart::Curve curve{.name = name, .x = frequencies, .y = {}};
    for (int k = 0; k + 1 < values.size(); k += 2) {
        const double amplitude = std::abs(std::complex<double>(values.at(k), values.at(k + 1)));
        curve.y.push_back(amplitude > 0 ? std::max(20 * std::log10(amplitude), lowest_db)
                                        : lowest_db);
    }
    return curve;
}

} // namespace

std::vector<std::byte> picture_of(const v1::SweepSnapshot& sweep, const std::string& title) {
    if (sweep.frequencies_size() < 2) {
        throw invalid_field("sweep",
                            fmt::format("{} points; valid is 2 or more", sweep.frequencies_size()));
    }
    std::vector<double> frequencies;
    for (const double hertz : sweep.frequencies()) {
        frequencies.push_back(hertz / 1e9);
    }
    return png_of({.title = title,
                   .x_label = "frequency in GHz",
                   .y_label = "dB",
                   .curves = {curve_of("S21", frequencies, sweep.s21()),
                              curve_of("S12", frequencies, sweep.s12()),
                              curve_of("S11", frequencies, sweep.s11()),
                              curve_of("S22", frequencies, sweep.s22())}});
}

} // namespace phyll::cli
