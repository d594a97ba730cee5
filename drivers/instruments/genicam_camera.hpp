#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/instruments/camera.hpp"
#include "drivers/instruments/instrument.hpp"

#include <filesystem>
#include <memory>

namespace phyll::instruments {

/// A GigE Vision or USB3 Vision camera, by Aravis. The address is an IP address or Aravis's name of
/// the device ("Basler-21948204"). `clock` outlives it.
///
/// A request that is not answered ends within some seconds, whatever the deadline: Aravis has it
/// so.
[[nodiscard]] std::unique_ptr<Camera> make_genicam_camera(const InstrumentSettings& settings,
                                                          const std::filesystem::path& lock_dir,
                                                          const Clock& clock);

} // namespace phyll::instruments
