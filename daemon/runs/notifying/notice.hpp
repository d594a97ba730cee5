#pragma once

#include <phyll/v1/runs.pb.h>

#include <string>

namespace phyll::runs {

/// Whether people are told that a run came into this state: it is over, or held.
[[nodiscard]] bool is_worth_telling(v1::RunState state) noexcept;

/// What a command is told of a run that came into another state: one JSON object, see docs/json.md.
/// `info` may be younger than `event`.
[[nodiscard]] std::string notice_of(const v1::RunInfo& info, const v1::Event& event);

} // namespace phyll::runs
