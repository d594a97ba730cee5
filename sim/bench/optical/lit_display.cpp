#include "sim/bench/optical/lit_display.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::bench {

void LitDisplay::show(std::vector<std::uint8_t> levels, How how) {
    const std::scoped_lock lock(mutex_);
    // One that is not there yet is no picture that light has met; nor is one that is sent again.
    const Seconds now(clock_.now().time_since_epoch());
    const bool pending = how_ != How::late && now < there_;
    const bool again = pending && how != How::cut && levels == last_;
    if (pending) {
        last_ = std::move(levels);
    } else {
        before_ = std::exchange(last_, std::move(levels));
    }
    how_ = how;
    if (again) {
        return;
    }
    there_ = now + latency_;
    if (refresh_.count() > 0.0) {
        there_ = std::ceil(there_ / refresh_) * refresh_;
    }
}

bool LitDisplay::is_blank() const {
    const std::scoped_lock lock(mutex_);
    return std::ranges::all_of(last_, [](std::uint8_t level) { return level == 0; });
}

std::vector<std::uint8_t> LitDisplay::lit() const {
    const std::scoped_lock lock(mutex_);
    if (how_ == How::late || Seconds(clock_.now().time_since_epoch()) < there_) {
        return before_;
    }
    std::vector<std::uint8_t> levels = last_;
    if (how_ == How::cut) {
        const auto half = static_cast<std::ptrdiff_t>(levels.size() / 2);
        std::copy(before_.begin(), before_.begin() + half, levels.begin());
    }
    return levels;
}

} // namespace phyll::bench
