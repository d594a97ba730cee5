#include "daemon/runs/conditions.hpp"

#include "daemon/runs/plain_json.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <nlohmann/json.hpp>

namespace phyll::runs {
namespace {

/// The configuration, but for what changes no answer.
v1::RigConfig device_of(v1::RigConfig config) {
    config.clear_unattended();
    config.clear_query_timeout();
    config.clear_uncalibrated();
    config.clear_calibration_days();
    config.clear_power();
    if (config.has_simulation()) {
        config.mutable_simulation()->clear_faults();
    }
    return config;
}

/// Its configuration as JSON, with that of its instruments.
std::string configuration(const Premises& premises, const std::string& rig,
                          const v1::RigConfig& config) {
    nlohmann::json out = plain_json(device_of(config));
    if (const auto parts = premises.instruments.find(rig); parts != premises.instruments.end()) {
        for (v1::InstrumentConfig instrument : parts->second) {
            instrument.clear_timeout();
            instrument.clear_baud();
            out["instruments"].push_back(plain_json(instrument));
        }
    }
    return out.dump();
}

} // namespace

v1::Conditions conditions(const Premises& premises, const std::map<std::string, RigStart>& rigs) {
    v1::Conditions out;
    out.set_version(premises.version);
    out.set_kernel_level(premises.host.kernel_level);
    out.set_cpu_model(premises.host.cpu_model);
    for (const auto& [name, start] : rigs) {
        v1::RigConditions& rig = *out.add_rigs();
        rig.set_rig(name);
        rig.set_age(start.age);
        rig.set_era(start.era);
        rig.set_calibration(start.calibration);
        if (const auto found = premises.rigs.find(name); found != premises.rigs.end()) {
            rig.set_configuration(configuration(premises, name, found->second));
            rig.set_configuration_sha256(to_hex(sha256_of(rig.configuration())));
        }
    }
    return out;
}

} // namespace phyll::runs
