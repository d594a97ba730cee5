#include "examine.hpp"

#include "configured.hpp"
#include "daemon/doctor/stored_lab.hpp"
#include "daemon/rig/instrument_configs.hpp"
#include "daemon/runs/calibration_files.hpp"
#include "door.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/findings/findings.hpp"
#include "drivers/core/version/version.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll {
namespace {

doctor::Subject subject_of(const Settings& settings) {
    return {.config = settings.config,
            .state_dir = settings.state_dir,
            .lock_dir = settings.lock_dir,
            .rigs = {},
            .asks_for_keys = asks_for_keys(settings.config)};
}

/// What is stored of the calibration of a rig that is made of instruments. None is reached for.
v1::Calibration stored_calibration(const Settings& settings, const v1::RigConfig& config,
                                   Workers& workers, const Clock& clock) {
    const rig::InstrumentSite site{.shelf = rig::make_shelf(settings.config.instruments(),
                                                            settings.lock_dir, clock, read_toml()),
                                   .calibrations = std::make_shared<runs::CalibrationFiles>(
                                       settings.state_dir / "calibration"),
                                   .version = version()};
    const rig::MadeRig made = untouched_rig(settings, config, workers, clock, site);
    return made.instruments->calibration()->to_wire();
}

/// The rigs as far as they are known without a daemon.
void add_rig_lines(const Settings& settings, const Clock& clock, doctor::Subject& subject,
                   doctor::Findings& findings) {
    Workers workers(1);
    for (const v1::RigConfig& config : settings.config.rigs()) {
        doctor::ExaminedRig& rig = subject.rigs.emplace_back();
        rig.info.set_name(config.name());
        try {
            if (!rig::instruments_of(config, settings.config.instruments()).empty()) {
                *rig.info.mutable_calibration() =
                    stored_calibration(settings, config, workers, clock);
            }
        } catch (const Error& error) {
            findings.fault(config.name(), fmt::format("it cannot be built: {}", error.what()),
                           "correct that in the configuration; 'phylld --check' says whether it is "
                           "right");
        }
    }
}

} // namespace

doctor::Examine examiner(const Settings& settings, const std::filesystem::path& state_dir,
                         const Clock& clock) {
    return [base = subject_of(settings), state_dir, &clock](const v1::DaemonConfig& config,
                                                            std::vector<doctor::ExaminedRig> rigs,
                                                            std::stop_token stop) {
        doctor::Subject subject = base;
        subject.config = config;
        subject.state_dir = state_dir;
        subject.rigs = std::move(rigs);
        subject.serving = true;
        const doctor::Host host;
        return doctor::examine({.subject = subject,
                                .host = host,
                                .clock = clock,
                                .deadline = Deadline::after(clock, doctor::usual_patience),
                                .stop = std::move(stop)});
    };
}

bool examine(const Settings& settings, bool json, std::ostream& out) {
    const SystemClock clock;
    const doctor::Host host;
    doctor::Subject subject = subject_of(settings);
    doctor::Findings building("rigs");
    add_rig_lines(settings, clock, subject, building);
    const doctor::Premises premises{.subject = subject,
                                    .host = host,
                                    .clock = clock,
                                    .deadline = Deadline::after(clock, doctor::usual_patience),
                                    .stop = {}};
    doctor::add_stored_blocks(premises, subject.rigs);
    std::vector<Finding> all;
    for (const v1::Examined& line : building.all()) {
        all.push_back(finding_of(line));
    }
    for (const v1::Examined& line : doctor::examine(premises)) {
        all.push_back(finding_of(line));
    }
    const bool well = worst(all) <= Severity::note;
    say(std::move(all), {.json = json, .all = true}, out);
    return well;
}

} // namespace phyll
