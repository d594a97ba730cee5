#include "characterise_figures.hpp"

#include "output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace phyll::cli {
namespace {

bool not_above_noise(double value, double limit) {
    return limit > 0.0 && value <= limit;
}

} // namespace

std::string range_of(std::vector<double> values, const char* unit) {
    std::ranges::sort(values);
    const std::size_t upper = values.size() / 2;
    const double median =
        values.size() % 2 == 1 ? values[upper] : 0.5 * (values[upper - 1] + values[upper]);
    return fmt::format("{:.2f} to {:.2f}{}, median {:.2f}", values.front(), values.back(), unit,
                       median);
}

std::string share_of_deviation(double share, double limit) {
    return not_above_noise(share, limit)
               ? fmt::format("not above noise ({} of a deviation)", percent(limit))
               : percent(share) + " of a deviation";
}

std::string sensitivities(const std::vector<double>& values, double limit) {
    const auto below =
        std::ranges::count_if(values, [&](double value) { return not_above_noise(value, limit); });
    return range_of(values, "") + " deviations for half the range" +
           (below > 0 ? fmt::format("; {} of {} inputs not above noise ({:.2f})", below,
                                    values.size(), limit)
                      : "");
}

} // namespace phyll::cli
