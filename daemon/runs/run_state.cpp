#include "daemon/runs/run_state.hpp"

namespace phyll::runs {

bool may_go(v1::RunState from, v1::RunState to) noexcept {
    switch (from) {
    case v1::QUEUED:
        return to == v1::RUNNING || to == v1::RUN_CANCELLED || to == v1::FAILED || to == v1::HELD;
    case v1::RUNNING:
        return to == v1::SUCCEEDED || to == v1::FAILED || to == v1::PAUSED || to == v1::HELD ||
               to == v1::RUN_CANCELLED || to == v1::QUEUED;
    case v1::PAUSED:
        return to == v1::RUNNING || to == v1::QUEUED || to == v1::RUN_CANCELLED || to == v1::PAUSED;
    case v1::HELD:
        return to == v1::RUNNING || to == v1::QUEUED || to == v1::FAILED ||
               to == v1::RUN_CANCELLED || to == v1::HELD;
    default:
        return false;
    }
}

bool is_final(v1::RunState state) noexcept {
    return state == v1::SUCCEEDED || state == v1::FAILED || state == v1::RUN_CANCELLED;
}

std::string_view name_of(v1::RunState state) noexcept {
    switch (state) {
    case v1::QUEUED:
        return "queued";
    case v1::RUNNING:
        return "running";
    case v1::PAUSED:
        return "paused";
    case v1::HELD:
        return "held";
    case v1::SUCCEEDED:
        return "succeeded";
    case v1::FAILED:
        return "failed";
    case v1::RUN_CANCELLED:
        return "cancelled";
    default:
        return "unknown";
    }
}

void shorten_for_list(v1::RunInfo& info) {
    info.clear_conditions();
    if (info.has_result()) {
        info.mutable_result()->clear_classes();
        info.mutable_result()->clear_feature_names();
    }
}

} // namespace phyll::runs
