#include "calibration_view.hpp"

#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace phyll::cli {

nlohmann::json calibration_json(const v1::Calibration& calibration) {
    nlohmann::json out{{"state", name_of(calibration.state())},
                       {"reason", calibration.reason()},
                       {"time", calibration.time()},
                       {"version", calibration.version()},
                       {"instruments", calibration.instruments()},
                       {"quantities", nlohmann::json::array()}};
    for (const v1::CalibratedQuantity& quantity : calibration.quantities()) {
        out["quantities"].push_back(
            {{"name", quantity.name()}, {"unit", quantity.unit()}, {"value", quantity.value()}});
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
    for (const std::string& instrument : calibration.instruments()) {
        out << fmt::format("  of {}\n", instrument);
    }
}

} // namespace phyll::cli
