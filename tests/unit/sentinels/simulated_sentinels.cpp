#include "tests/unit/sentinels/simulated_sentinels.hpp"

#include "drivers/core/kernels/normal.hpp"
#include "drivers/core/random.hpp"

#include <cmath>

namespace phyll::runs::sentinels {
namespace {

constexpr std::size_t normals_at_once = 64;

std::size_t padded(std::size_t count) {
    return (count + normals_at_once - 1) / normals_at_once * normals_at_once;
}

} // namespace

SimulatedSentinels::SimulatedSentinels(const SimulatedRig& rig, std::uint64_t seed,
                                       std::size_t count)
    : rig_(rig),
      key_(derive_key(seed, "sentinels' noise")),
      nominal_(rig.n_out, count),
      other_(rig.n_out, count),
      measured_(rig.n_out, count),
      offset_(rig.n_out),
      scale_(rig.n_out),
      deviation_(rig.n_out),
      normals_(padded((rig.n_out + 1) * count)) {
    const KeyedRandom random(seed, "sentinels' responses");
    double squares = 0;
    for (std::size_t k = 0; k < rig.n_out; ++k) {
        offset_[k] = static_cast<float>(random.normal(0, k));
        scale_[k] = static_cast<float>(std::exp(random.normal(1, k)));
        deviation_[k] =
            rig.uneven ? static_cast<float>(std::pow(4.0, 2 * random.uniform(2, k) - 1)) : 1.0F;
        squares += deviation_[k] * deviation_[k] / static_cast<double>(rig.n_out);
    }
    for (float& deviation : deviation_) {
        deviation =
            static_cast<float>(deviation * std::pow(10.0, -rig.snr_db / 20) / std::sqrt(squares));
    }
    for (std::size_t s = 0; s < count; ++s) {
        for (std::size_t k = 0; k < rig.n_out; ++k) {
            nominal_.sample(s)[k] = static_cast<float>(random.normal(3 + s, k));
            other_.sample(s)[k] = static_cast<float>(random.normal(10'000 + s, k));
        }
    }
}

ConstBlock SimulatedSentinels::measure(std::uint64_t round, double displaced) {
    kernels::phyll_normals(key_, round, 0, normals_.size(), normals_.data());
    const auto kept = static_cast<float>(std::sqrt(1 - displaced * displaced));
    const auto new_part = static_cast<float>(displaced);
    const auto common = static_cast<float>(std::sqrt(rig_.common));
    const auto own = static_cast<float>(std::sqrt(1 - rig_.common));
    for (std::size_t s = 0; s < measured_.samples(); ++s) {
        const float* normal = &normals_[s * (rig_.n_out + 1)];
        const float louder = s == 0 ? static_cast<float>(rig_.louder) : 1.0F;
        for (std::size_t k = 0; k < rig_.n_out; ++k) {
            const float noise = common * normal[rig_.n_out] + own * normal[k];
            const float response = kept * nominal_.sample(s)[k] + new_part * other_.sample(s)[k];
            measured_.sample(s)[k] =
                offset_[k] + scale_[k] * (response + louder * deviation_[k] * noise);
        }
    }
    return measured_.view();
}

namespace {

DriftTest begin_era(SimulatedSentinels& sentinels, const DriftOptions& options, std::size_t n_out,
                    std::uint64_t& round) {
    DriftTest test(options, n_out);
    while (!test.has_baseline()) {
        test.add_baseline(sentinels.measure(round++));
    }
    return test;
}

} // namespace

FalseAlarms false_alarms(const SimulatedRig& rig, const DriftOptions& options, std::size_t eras,
                         std::size_t rounds_per_era) {
    FalseAlarms found;
    for (std::size_t era = 0; era < eras; ++era) {
        SimulatedSentinels sentinels(rig, 1000 + era, options.count);
        std::uint64_t round = 0;
        DriftTest test = begin_era(sentinels, options, rig.n_out, round);
        for (std::size_t i = 0; i < rounds_per_era; ++i) {
            ++found.rounds;
            if (test.add_round(sentinels.measure(round++)).ended) {
                ++found.alarms;
                test = begin_era(sentinels, options, rig.n_out, round);
            }
        }
    }
    return found;
}

std::optional<std::size_t> delay(const SimulatedRig& rig, const DriftOptions& options,
                                 std::uint64_t seed, std::size_t change, std::size_t most,
                                 const std::function<double(std::size_t)>& displaced) {
    SimulatedSentinels sentinels(rig, seed, options.count);
    std::uint64_t round = 0;
    DriftTest test = begin_era(sentinels, options, rig.n_out, round);
    for (std::size_t i = 0; i < change; ++i) {
        if (test.add_round(sentinels.measure(round++)).ended) {
            return std::nullopt;
        }
    }
    for (std::size_t i = 0; i < most; ++i) {
        if (test.add_round(sentinels.measure(round++, displaced(i))).ended) {
            return i + 1;
        }
    }
    return std::nullopt;
}

} // namespace phyll::runs::sentinels
