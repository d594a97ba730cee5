#pragma once

#include <phyll/v1/runs.pb.h>

#include <string_view>

namespace phyll::runs {

/// How a run may go from one state to the next:
///
///   queued    -> running, cancelled, failed, held
///   running   -> succeeded, failed, paused, held, cancelled, queued
///   paused    -> running, queued, cancelled, paused
///   held      -> running, queued, failed, cancelled, held
///   succeeded, failed and cancelled are final.
///
/// A queued run fails when what it needs is no longer there: its rig, its data. It is held when
/// phylld went away under it and a person has to say that it may go on. From paused to paused it
/// gives its rigs up; from held to held it is held for another reason.
[[nodiscard]] bool may_go(v1::RunState from, v1::RunState to) noexcept;

[[nodiscard]] bool is_final(v1::RunState state) noexcept;

/// The state as people read it: "running".
[[nodiscard]] std::string_view name_of(v1::RunState state) noexcept;

/// Leaves out what is too much of a run where many are told of.
void shorten_for_list(v1::RunInfo& info);

} // namespace phyll::runs
