#include "daemon/rig/lab.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>

namespace phyll::rig {
namespace {

/// Between attempts to make a rig safe that could not be.
constexpr Seconds between_attempts{2};

} // namespace

Lab::~Lab() {
    // At once: a rig that cannot be reached must not keep the others driven.
    std::vector<std::future<bool>> whole;
    whole.reserve(rigs_.size());
    for (const auto& rig : rigs_) {
        whole.push_back(std::async(std::launch::async, [&rig] { return rig->close(); }));
    }
    for (std::future<bool>& each : whole) {
        if (!each.get()) {
            *left_behind_ = true;
        }
    }
}

void Lab::add(std::unique_ptr<RigThread> rig) {
    rigs_.push_back(std::move(rig));
}

RigThread& Lab::rig(const std::string& name) const {
    const auto found = std::ranges::find(rigs_, name, [](const auto& rig) { return rig->name(); });
    if (found != rigs_.end()) {
        return **found;
    }
    std::vector<std::string> names;
    std::ranges::transform(rigs_, std::back_inserter(names),
                           [](const auto& rig) { return rig->name(); });
    throw Error(
        Code::not_found,
        fmt::format("no rig is named '{}'; there {}", name,
                    names.empty() ? "is none" : fmt::format("are: {}", fmt::join(names, ", "))));
}

void Lab::end(LeaseId id) {
    for (const std::string& name : leases_.end(id)) {
        rig(name).abort();
        settle(name, Seconds(0));
    }
}

void Lab::settle(const std::string& name, Seconds pause) {
    rig(name).make_safe(pause, [this, name](const SafeState& state) {
        post_([this, name, safe = state.state == SafeState::State::safe] {
            if (safe) {
                leases_.made_safe(name);
            } else if (!rig(name).given_up()) {
                // One that may still be driven is handed to nobody, until it can be reached.
                settle(name, between_attempts);
            }
        });
    });
}

} // namespace phyll::rig
