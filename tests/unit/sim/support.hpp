#pragma once

#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "sim/rigs/simulated_rig.hpp"

#include <google/protobuf/message.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace phyll::test {

/// A kind of the registry; the test fails when it is not there.
inline const sim::SimulatedRigKind& kind_named(std::string_view name) {
    const auto& kinds = sim::simulated_rig_kinds();
    const auto found = std::ranges::find(kinds, name, &sim::SimulatedRigKind::name);
    if (found == kinds.end()) {
        throw Error(Code::not_found, std::string(name));
    }
    return *found;
}

inline std::unique_ptr<sim::SimulatedRig> default_rig(std::string_view kind, Workers& workers) {
    const sim::SimulatedRigKind& entry = kind_named(kind);
    return entry.make(*entry.new_options(), {.seed = 1, .workers = &workers});
}

inline OwnedBlock uniform_stimuli(const LayerSpec& spec, std::size_t samples,
                                  std::uint64_t seed = 1) {
    const KeyedRandom random(seed, "uniform stimuli");
    OwnedBlock x(spec.n_in(), samples);
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t k = 0; k < spec.n_in(); ++k) {
            x.sample(i)[k] = static_cast<float>(random.uniform(i, k));
        }
    }
    return x;
}

inline OwnedBlock answer(PhysicalLayer& layer, const OwnedBlock& x,
                         const QueryContext& context = {}) {
    OwnedBlock y(layer.spec().n_out(), x.samples());
    layer.query(x.view(), y.view(), context);
    return y;
}

inline QueryContext with_number(std::uint64_t key, std::uint64_t number, std::uint64_t age = 0) {
    QueryContext context;
    context.key = key;
    context.number = number;
    context.age = age;
    return context;
}

inline QueryContext with_times(std::span<SampleTime> times) {
    QueryContext context;
    context.times = times;
    return context;
}

inline QueryContext with_deadline(const Deadline& deadline) {
    QueryContext context;
    context.deadline = deadline;
    return context;
}

inline QueryContext with_stop(std::stop_token stop) {
    QueryContext context;
    context.stop = std::move(stop);
    return context;
}

inline double largest_difference(ConstBlock a, ConstBlock b) {
    double largest = 0;
    for (std::size_t i = 0; i < a.values().size(); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(a.values()[i]) -
                                             static_cast<double>(b.values()[i])));
    }
    return largest;
}

inline bool same_bits(ConstBlock a, ConstBlock b) {
    return std::ranges::equal(a.values(), b.values());
}

/// The code that a call ends with.
template <class Call>
Code code_of(const Call& call) {
    try {
        call();
        return Code::ok;
    } catch (const Error& error) {
        return error.code();
    }
}

} // namespace phyll::test
