#include "drivers/core/kernels/level.hpp"

namespace phyll::kernels {

const char* phyll_kernel_level() {
    return PHYLL_KERNEL_LEVEL;
}

} // namespace phyll::kernels
