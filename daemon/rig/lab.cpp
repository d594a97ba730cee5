#include "daemon/rig/lab.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::rig {

Lab::~Lab() {
    for (const auto& rig : rigs_) {
        if (!rig->close()) {
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
        RigThread& held = rig(name);
        held.abort();
        held.make_safe([this, name](const SafeState& state) {
            // A rig that may still be driven is handed to nobody.
            if (state.state == SafeState::State::safe) {
                post_([this, name] { leases_.made_safe(name); });
            }
        });
    }
}

} // namespace phyll::rig
