#include "conditions.hpp"

#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace phyll::cli {

nlohmann::json to_json(const v1::Conditions& conditions) {
    nlohmann::json out{{"version", conditions.version()},
                       {"kernel_level", conditions.kernel_level()},
                       {"cpu_model", conditions.cpu_model()},
                       {"rigs", nlohmann::json::array()}};
    for (const v1::RigConditions& rig : conditions.rigs()) {
        nlohmann::json configuration = nlohmann::json::parse(rig.configuration(), nullptr, false);
        out["rigs"].push_back(
            {{"rig", rig.rig()},
             {"configuration", configuration.is_discarded() ? nlohmann::json(rig.configuration())
                                                            : std::move(configuration)},
             {"configuration_sha256", rig.configuration_sha256()},
             {"calibration", rig.calibration()},
             {"era", rig.era()},
             {"age", rig.age()}});
    }
    return out;
}

void print_conditions(std::ostream& out, const v1::Conditions& conditions) {
    const auto line = [&](const std::string& name, const std::string& value) {
        out << fmt::format("  {:<16} {}\n", name, value);
    };
    line("ran under", fmt::format("phylld {}, {} on {}", conditions.version(),
                                  conditions.kernel_level(), conditions.cpu_model()));
    for (const v1::RigConditions& rig : conditions.rigs()) {
        line("rig " + rig.rig(),
             fmt::format("configuration sha256 {}; {}; era {}; age {} at the start",
                         rig.configuration_sha256(),
                         rig.calibration().empty() ? "no calibration"
                                                   : "calibration " + rig.calibration(),
                         rig.era(), count(rig.age())));
    }
}

} // namespace phyll::cli
