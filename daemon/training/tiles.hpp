#pragma once

#include <cstddef>
#include <functional>

namespace phyll {
class Workers;
} // namespace phyll

namespace phyll::training {

/// Calls task(0) ... task(tiles - 1), on `workers` when there are any (null: there are not) and
/// when `operations`, the floating-point operations of all tiles together, are worth waking them
/// for. How a tile is computed must not depend on which thread takes it; then results depend
/// neither on the number of workers nor on this choice.
void for_each_tile(Workers* workers, std::size_t tiles, double operations,
                   const std::function<void(std::size_t)>& task);

/// The number of tiles of `size` that `total` makes, the last one perhaps smaller.
[[nodiscard]] constexpr std::size_t tile_count(std::size_t total, std::size_t size) noexcept {
    return (total + size - 1) / size;
}

} // namespace phyll::training
