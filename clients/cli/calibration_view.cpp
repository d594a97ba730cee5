#include "calibration_view.hpp"

#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace phyll::cli {

nlohmann::json calibration_json(const v1::Calibration& calibration) {
    nlohmann::json out{{"state", name_of(calibration.state())},
                       {"reason", calibration.reason()},
                       {"time", calibration.time()},
                       {"version", calibration.version()},
                       {"instruments", calibration.instruments()},
                       {"quantities", nlohmann::json::array()},
                       {"series", nlohmann::json::array()}};
    for (const v1::CalibratedQuantity& quantity : calibration.quantities()) {
        out["quantities"].push_back(
            {{"name", quantity.name()}, {"unit", quantity.unit()}, {"value", quantity.value()}});
    }
    for (const v1::CalibratedSeries& series : calibration.series()) {
        out["series"].push_back(
            {{"name", series.name()}, {"unit", series.unit()}, {"values", series.values()}});
    }
    return out;
}

std::string in_words(const v1::Calibration& calibration) {
    std::string out = name_of(calibration.state());
    if (calibration.time() > 0) {
        out += fmt::format(", of {} by phylld {}", local_time(calibration.time()),
                           calibration.version());
    }
    return calibration.reason().empty() ? out : fmt::format("{}: {}", out, calibration.reason());
}

void print_quantities(const v1::Calibration& calibration, std::ostream& out) {
    for (const v1::CalibratedQuantity& quantity : calibration.quantities()) {
        const std::string unit = quantity.unit() == "1" ? "" : " " + quantity.unit();
        out << fmt::format("  {:<10} {:.6g}{}\n", quantity.name(), quantity.value(), unit);
    }
    for (const v1::CalibratedSeries& series : calibration.series()) {
        if (series.values().empty()) {
            continue;
        }
        const auto [least, most] = std::ranges::minmax(series.values());
        out << fmt::format("  {}: {} values from {:.4g} to {:.4g}\n", series.name(),
                           series.values_size(), least, most);
    }
    for (const std::string& instrument : calibration.instruments()) {
        out << fmt::format("  of {}\n", instrument);
    }
}

} // namespace phyll::cli
