#pragma once

#include "daemon/rig/calibration/calibration_book.hpp"
#include "daemon/rig/made_rig.hpp"
#include "drivers/core/physical_layer.hpp"
#include "drivers/core/readers/data_file.hpp"
#include "drivers/core/workers.hpp"
#include "drivers/instruments/shelf.hpp"

#include <phyll/v1/config.pb.h>

#include <memory>
#include <string>
#include <vector>

namespace phyll::rig {

/// Every kind of rig that this daemon was built with.
[[nodiscard]] std::vector<std::string> rig_kinds();

/// An empty options message of a kind; null when there is no such kind.
[[nodiscard]] std::unique_ptr<google::protobuf::Message> new_rig_options(const std::string& kind);

/// What rigs made of instruments are built from, beside their configuration.
struct InstrumentSite {
    std::shared_ptr<const instruments::Shelf> shelf; ///< null: there is none
    std::shared_ptr<CalibrationStore> calibrations;  ///< null: none outlives a rig
    std::string version;                             ///< of this daemon
};

/// Builds a rig as the configuration describes it, behind its guard. `config` has every default
/// filled in. Throws INVALID_ARGUMENT naming the option that is wrong, NOT_FOUND for a kind that
/// does not exist, FAILED_PRECONDITION for a disturbance that the device cannot show. `read` opens
/// the files that the options name. `workers` and `clock` outlive the rig.
[[nodiscard]] MadeRig make_rig(const v1::RigConfig& config, Workers& workers, const Clock& clock,
                               FileReader read, const InstrumentSite& site = {});

/// The instruction set of the numerics that the loader chose for this machine: "x86-64-v3".
[[nodiscard]] std::string kernel_level();

} // namespace phyll::rig
