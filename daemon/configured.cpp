#include "configured.hpp"

#include "daemon/config/defaults.hpp"
#include "daemon/rig/instrument_configs.hpp"
#include "daemon/runs/data_files.hpp"
#include "drivers/core/version/version.hpp"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

namespace phyll {

unsigned thread_count(const v1::DaemonConfig& config) {
    return config.threads() != 0 ? config.threads()
                                 : std::max(1U, std::thread::hardware_concurrency());
}

v1::DaemonConfig with_simulations(v1::DaemonConfig config) {
    const std::unique_ptr<config::OptionsResolver> options = known_options();
    const google::protobuf::RepeatedPtrField<v1::RigConfig> rigs = config.rigs();
    for (const v1::RigConfig& rig : rigs) {
        if (std::optional<v1::RigConfig> simulation = rig::simulation_of(rig)) {
            config::apply_defaults(*simulation, *options);
            *config.add_rigs() = *std::move(simulation);
        }
    }
    return config;
}

rig::InstrumentSite instrument_site(const Settings& settings, const Clock& clock,
                                    std::shared_ptr<rig::CalibrationStore> calibrations) {
    rig::check_instruments_are_used_once(settings.config.rigs(), settings.config.instruments());
    return {.shelf = rig::make_shelf(settings.config.instruments(), settings.lock_dir, clock,
                                     read_toml()),
            .calibrations = std::move(calibrations),
            .version = version()};
}

std::uint64_t max_journal_bytes(const v1::DaemonConfig& config) {
    return static_cast<std::uint64_t>(config.journal_limit() * 1e9);
}

Seconds hold_limit(const v1::DaemonConfig& config) {
    return Seconds(config.hold_limit() * 3600.0);
}

runs::Premises premises(const Settings& settings, const v1::DaemonConfig& config) {
    runs::Premises out{.version = version(),
                       .host = {rig::kernel_level(), cpu_model()},
                       .rigs = {},
                       .instruments = {},
                       .max_journal_bytes = max_journal_bytes(settings.config),
                       .hold_limit = hold_limit(settings.config)};
    if (settings.config.has_digital_power()) {
        out.power.digital = settings.config.digital_power();
    }
    for (const v1::RigConfig& rig : config.rigs()) {
        out.rigs[rig.name()] = rig;
        if (rig.has_power()) {
            out.power.rigs[rig.name()] = rig.power();
        }
        if (auto parts = rig::instruments_of(rig, config.instruments()); !parts.empty()) {
            out.instruments[rig.name()] = std::move(parts);
        }
    }
    return out;
}

FileReader rig_files(const Settings& settings) {
    return runs::read_below(settings.data_dir, "");
}

rig::MadeRig untouched_rig(const Settings& settings, const v1::RigConfig& config, Workers& workers,
                           const Clock& clock, const rig::InstrumentSite& site) {
    rig::MadeRig made = rig::make_rig(config, workers, clock, rig_files(settings), site);
    if (made.instruments != nullptr) {
        for (instruments::Instrument* instrument : made.instruments->instruments()) {
            instrument->shut();
        }
    }
    return made;
}

} // namespace phyll
