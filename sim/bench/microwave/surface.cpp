#include "sim/bench/microwave/surface.hpp"

#include <algorithm>

namespace phyll::bench {

void Surface::show(Pattern pattern) {
    latched_ = std::move(pattern);
    loop_.after(settle_time_, [this, change = ++changes_] {
        if (change == changes_) {
            settle();
        }
    });
}

void Surface::switch_off() {
    ++changes_;
    std::ranges::fill(latched_, std::uint8_t{0});
    settle();
}

void Surface::settle() {
    if (before_change_ && met_ != latched_) {
        before_change_();
    }
    met_ = latched_;
}

} // namespace phyll::bench
