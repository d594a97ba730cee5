#include "drivers/core/guard.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/kernels/within.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace phyll {
namespace {

void check_shape(const LayerSpec& spec, ConstBlock x) {
    if (x.channels() != spec.n_in()) {
        throw invalid_field("stimuli",
                            fmt::format("{} values per sample, but the rig has {} inputs",
                                        x.channels(), spec.n_in()));
    }
    if (x.samples() == 0) {
        throw invalid_field("stimuli", "no sample; at least one is needed");
    }
}

/// What float32 may be where the spec has float64: the same values pass.
struct Limits {
    explicit Limits(const LayerSpec& spec) {
        for (const ResponseChannel& channel : spec.outputs) {
            constexpr float infinity = std::numeric_limits<float>::infinity();
            constexpr double largest = std::numeric_limits<float>::max();
            const double least = std::clamp(channel.minimum, -largest, largest);
            const double most = std::clamp(channel.maximum, -largest, largest);
            const auto down = static_cast<float>(least);
            const auto up = static_cast<float>(most);
            low.push_back(down < least ? std::nextafter(down, infinity) : down);
            high.push_back(up > most ? std::nextafter(up, -infinity) : up);
        }
    }

    [[nodiscard]] bool hold(ConstBlock y) const {
        return kernels::phyll_channels_within(y.data(), y.channels(), y.samples(), low.data(),
                                              high.data()) != 0;
    }

    std::vector<float> low;
    std::vector<float> high;
};

void check_drive(const LayerSpec& spec, ConstBlock x) {
    if (kernels::phyll_within(x.data(), x.size(), 0.0F, 1.0F) != 0) {
        return;
    }
    for (std::size_t i = 0; i < x.samples(); ++i) {
        for (std::size_t k = 0; k < x.channels(); ++k) {
            const float value = x.sample(i)[k];
            if (std::isfinite(value) && value >= 0.0F && value <= 1.0F) {
                continue;
            }
            const std::string field = fmt::format("stimuli[{}][{}]", i, k);
            const std::string description =
                fmt::format("drive {} on input '{}' (sample {}, channel {}); valid is 0 to 1",
                            value, spec.inputs[k].name, i, k);
            const Code code = std::isfinite(value) ? Code::out_of_range : Code::invalid_argument;
            throw Error(code, fmt::format("{}: {}", field, description), {{field, description}});
        }
    }
}

} // namespace

void check_stimuli(const LayerSpec& spec, ConstBlock x) {
    check_shape(spec, x);
    check_drive(spec, x);
}

Guard::Guard(std::unique_ptr<PhysicalLayer> rig) : rig_(std::move(rig)) {}

Guard::~Guard() {
    static_cast<void>(rig_->make_safe());
}

void Guard::query(ConstBlock x, Block y, const QueryContext& context) {
    check_stimuli(spec(), x);
    check_shape(x, y, context);
    try {
        rig_->query(x, y, context);
        check_response(y);
    } catch (...) {
        static_cast<void>(rig_->make_safe());
        throw;
    }
}

void Guard::recover(const Deadline& deadline, std::stop_token stop) {
    rig_->recover(deadline, std::move(stop));
}

void Guard::check_shape(ConstBlock x, Block y, const QueryContext& context) const {
    const LayerSpec& s = spec();
    if (x.samples() > s.max_batch) {
        throw invalid_field("stimuli", fmt::format("{} samples in one query, at most {} fit",
                                                   x.samples(), s.max_batch));
    }
    if (y.channels() != s.n_out() || y.samples() != x.samples()) {
        throw invalid_field("responses",
                            fmt::format("room for {} x {}, but {} x {} will come", y.channels(),
                                        y.samples(), s.n_out(), x.samples()));
    }
    if (!context.times.empty() && context.times.size() != x.samples()) {
        throw invalid_field("times", fmt::format("room for {} samples, but {} will come",
                                                 context.times.size(), x.samples()));
    }
    if (context.follow && !s.can_follow) {
        throw invalid_field("follow", fmt::format("a rig of kind '{}' settles before each sample; "
                                                  "ask without follow",
                                                  s.kind));
    }
}

void Guard::check_response(ConstBlock y) const {
    if (Limits(spec()).hold(y)) {
        return;
    }
    for (std::size_t i = 0; i < y.samples(); ++i) {
        for (std::size_t k = 0; k < y.channels(); ++k) {
            const float value = y.sample(i)[k];
            const ResponseChannel& channel = spec().outputs[k];
            if (std::isfinite(value) && value >= channel.minimum && value <= channel.maximum) {
                continue;
            }
            throw Error(
                Code::data_loss,
                fmt::format("the rig answered {} {} on output '{}' (sample {}, channel {}); "
                            "possible is {} to {}: the measurement is not used",
                            value, channel.unit, channel.name, i, k, channel.minimum,
                            channel.maximum));
        }
    }
}

} // namespace phyll
