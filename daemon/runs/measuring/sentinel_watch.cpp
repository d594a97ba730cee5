#include "daemon/runs/measuring/sentinel_watch.hpp"

#include "daemon/training/characterise/probes.hpp"
#include "drivers/core/random.hpp"

namespace phyll::runs {
namespace {

constexpr std::uint64_t usual_interval = 1000; // samples

sentinels::DriftOptions options_of(const v1::SentinelsSpec& spec) {
    return {.count = spec.count(), .baseline = spec.baseline(), .tolerance = spec.tolerance()};
}

} // namespace

std::uint64_t sentinel_interval(const v1::SentinelsSpec& spec, const LayerSpec& rig) {
    if (rig.closed_domain) {
        return 0;
    }
    const bool instruments =
        rig.evidence == Evidence::hardware || rig.evidence == Evidence::virtual_instruments;
    return spec.has_every() ? spec.every() : instruments ? usual_interval : 0;
}

SentinelWatch::SentinelWatch(const v1::SentinelsSpec& spec, std::uint64_t every,
                             const LayerSpec& rig, std::uint64_t seed)
    : every_(every),
      baseline_(spec.baseline()),
      options_(options_of(spec)),
      n_out_(rig.n_out()),
      stimuli_(training::uniform_drives(rig, spec.count(), derive_key(seed, "sentinels"))),
      test_(options_, n_out_) {
    for (std::size_t i = 0; i < stimuli_.samples(); ++i) {
        hashes_.push_back(hash_stimulus(rig, stimuli().sample(i)));
    }
}

std::uint64_t SentinelWatch::room(std::uint64_t number) const noexcept {
    const std::uint64_t taken = next_round_ - era_round_;
    if (taken < baseline_) {
        return 0;
    }
    const std::uint64_t due = era_number_ + (taken - baseline_ + 1) * every_;
    return due > number ? due - number : 0;
}

void SentinelWatch::begin_era(std::uint64_t number) {
    test_ = sentinels::DriftTest(options_, n_out_);
    era_number_ = number;
    era_round_ = next_round_;
}

void SentinelWatch::restore(std::uint64_t number, std::uint64_t first_round) {
    next_round_ = first_round;
    begin_era(number);
}

sentinels::Verdict SentinelWatch::take(ConstBlock round) {
    ++next_round_;
    if (!test_.has_baseline()) {
        test_.add_baseline(round);
        return {};
    }
    return test_.add_round(round);
}

sentinels::Verdict SentinelWatch::judge(ConstBlock round) const {
    sentinels::DriftTest copy = test_;
    return copy.add_round(round);
}

} // namespace phyll::runs
