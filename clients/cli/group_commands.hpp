#pragma once

#include "app.hpp"

#include <phyll/v1/groups.pb.h>

#include <cstdint>
#include <vector>

// What the commands below `run` do with groups.
namespace phyll::cli {

/// Submits a group and says what was made; its number.
std::uint64_t submit_group(App& app, const v1::SubmitGroupRequest& request);
[[nodiscard]] v1::GroupReply get_group(App& app, std::uint64_t group);
void show_group(App& app, std::uint64_t group);
/// Shows it until every member is over; the exit status says whether all succeeded.
void watch_group(App& app, std::uint64_t group);
/// Returns when the members are over and their rigs safe.
void cancel_group(App& app, std::uint64_t group);

} // namespace phyll::cli
