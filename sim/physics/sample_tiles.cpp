#include "sim/physics/sample_tiles.hpp"

#include "drivers/core/error.hpp"

namespace phyll::physics {

void for_each_sample_tile(std::size_t samples, std::size_t lanes, Workers& workers,
                          const std::stop_token& stop,
                          const std::function<void(std::size_t first)>& respond) {
    workers.run((samples + lanes - 1) / lanes, [&](std::size_t tile) {
        if (stop.stop_requested()) {
            throw Error(Code::cancelled, "the query was stopped");
        }
        respond(tile * lanes);
    });
}

} // namespace phyll::physics
