#include "daemon/training/response_scaling.hpp"

#include "daemon/training/choices.hpp"
#include "daemon/training/statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace phyll::training {
namespace {

constexpr double smallest_share = 0.05;

} // namespace

ResponseScaling::ResponseScaling(Kind kind, std::size_t outputs)
    : kind_(kind), mean_(outputs, 0.0F), scale_(outputs, 1.0F) {}

void ResponseScaling::fit(ConstBlock responses) {
    assert(responses.channels() == mean_.size() && responses.samples() > 0);
    std::vector<double> deviations;
    double square = 0.0;
    for (std::size_t j = 0; j < mean_.size(); ++j) {
        const Moments output =
            moments(responses.samples(), [&](std::size_t i) { return responses.sample(i)[j]; });
        mean_[j] = static_cast<float>(output.mean);
        deviations.push_back(output.deviation);
        square += output.deviation * output.deviation;
    }
    const double common = std::sqrt(square / static_cast<double>(mean_.size()));
    for (std::size_t j = 0; j < scale_.size(); ++j) {
        const double own =
            kind_ == Kind::common ? common : std::max(deviations[j], smallest_share * common);
        const auto scale = static_cast<float>(own);
        scale_[j] = std::isnormal(scale) ? scale : 1.0F;
    }
}

void ResponseScaling::apply(std::span<const float> response, std::span<float> scaled) const {
    for (std::size_t j = 0; j < response.size(); ++j) {
        scaled[j] = (response[j] - mean_[j]) / scale_[j];
    }
}

ResponseScaling::Kind parse_response_scaling(std::string_view field, std::string_view name) {
    static constexpr Choices<ResponseScaling::Kind, 2> choices{{
        {"per_output", ResponseScaling::Kind::per_output},
        {"common", ResponseScaling::Kind::common},
    }};
    return choose(field, name, choices);
}

} // namespace phyll::training
