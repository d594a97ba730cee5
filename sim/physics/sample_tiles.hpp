#pragma once

#include "drivers/core/workers.hpp"

#include <cstddef>
#include <functional>
#include <stop_token>

namespace phyll::physics {

/// Calls respond(first) for the first sample of every tile of `lanes` samples, the last tile
/// perhaps incomplete, on the workers. A stop request is seen between tiles: throws CANCELLED.
void for_each_sample_tile(std::size_t samples, std::size_t lanes, Workers& workers,
                          const std::stop_token& stop,
                          const std::function<void(std::size_t first)>& respond);

} // namespace phyll::physics
