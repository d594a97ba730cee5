#include "daemon/training/tiles.hpp"

#include "drivers/core/workers.hpp"

namespace phyll::training {
namespace {

/// What one thread does in about the time in which another one wakes up.
constexpr double worth_sharing = 4e6;

} // namespace

void for_each_tile(Workers* workers, std::size_t tiles, double operations,
                   const std::function<void(std::size_t)>& task) {
    if (workers != nullptr && operations >= worth_sharing) {
        workers->run(tiles, task);
        return;
    }
    for (std::size_t i = 0; i < tiles; ++i) {
        task(i);
    }
}

} // namespace phyll::training
