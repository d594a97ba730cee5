#pragma once

#include "daemon.hpp"
#include "daemon/rig/rig_factory.hpp"
#include "daemon/runs/conditions.hpp"
#include "drivers/core/readers/data_file.hpp"

#include <cstdint>
#include <memory>

/// What phylld is made of, as it is configured.
namespace phyll {

/// How many threads share the numerical work.
[[nodiscard]] unsigned thread_count(const v1::DaemonConfig& config);

/// With the simulations of the rigs that are made of instruments, behind the others.
[[nodiscard]] v1::DaemonConfig with_simulations(v1::DaemonConfig config);

/// What the rigs' makers share; calibrations are kept by `calibrations`, or by nobody. Throws what
/// is wrong with an instrument.
[[nodiscard]] rig::InstrumentSite
instrument_site(const Settings& settings, const Clock& clock,
                std::shared_ptr<rig::CalibrationStore> calibrations);

/// Of each run.
[[nodiscard]] std::uint64_t max_journal_bytes(const v1::DaemonConfig& config);
[[nodiscard]] Seconds hold_limit(const v1::DaemonConfig& config);

/// `config`: with the simulations.
[[nodiscard]] runs::Premises premises(const Settings& settings, const v1::DaemonConfig& config);

/// Of the options of rigs, which put their own names before what cannot be read.
[[nodiscard]] FileReader rig_files(const Settings& settings);

/// A rig to look at: none of its instruments is reached for, not even at its end. Throws what is
/// wrong with its configuration.
[[nodiscard]] rig::MadeRig untouched_rig(const Settings& settings, const v1::RigConfig& config,
                                         Workers& workers, const Clock& clock,
                                         const rig::InstrumentSite& site);

} // namespace phyll
