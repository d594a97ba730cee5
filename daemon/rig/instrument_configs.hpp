#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/instruments/shelf.hpp"

#include <google/protobuf/repeated_field.h>
#include <phyll/v1/config.pb.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace phyll::rig {

using InstrumentConfigs = google::protobuf::RepeatedPtrField<v1::InstrumentConfig>;
using RigConfigs = google::protobuf::RepeatedPtrField<v1::RigConfig>;

/// The shelf of the instruments that are configured. The clock outlives it; see Shelf for the
/// others.
[[nodiscard]] std::shared_ptr<const instruments::Shelf>
make_shelf(const InstrumentConfigs& configured, const std::filesystem::path& lock_dir,
           const Clock& clock, instruments::ReadToml read);

/// Of the instruments those that the rig's options name; none for a kind that is not made of any.
[[nodiscard]] std::vector<v1::InstrumentConfig> instruments_of(const v1::RigConfig& rig,
                                                               const InstrumentConfigs& configured);

/// Throws INVALID_ARGUMENT where two rigs are made of the same instrument.
void check_instruments_are_used_once(const RigConfigs& rigs, const InstrumentConfigs& configured);

/// What the simulation is called that stands for a rig: "bench:simulation".
[[nodiscard]] std::string simulation_name(const std::string& rig);

/// The simulated rig that stands for one that is made of instruments, whose options are the rig's
/// own where both have them; not every default is filled in. Nothing for any other rig.
[[nodiscard]] std::optional<v1::RigConfig> simulation_of(const v1::RigConfig& rig);

} // namespace phyll::rig
