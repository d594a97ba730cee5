#pragma once

#include "sim/bench/server/bench.hpp"

#include <memory>

namespace phyll::bench::usb {

/// The same bench with USB devices in the place of sockets.
[[nodiscard]] std::unique_ptr<Plan> over_usb(std::unique_ptr<Plan> plan);

/// Runs this program once more, with the same arguments and with libumockdev-preload, unless it is
/// that already. Throws UNAVAILABLE when it cannot.
void preload_umockdev(char** argv);

} // namespace phyll::bench::usb
