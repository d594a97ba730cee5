#pragma once

#include "daemon/runs/group_statistics.hpp"
#include "daemon/runs/store.hpp"

#include <phyll/v1/groups.pb.h>

namespace phyll::runs {

/// What a list says of a group.
[[nodiscard]] v1::GroupInfo overview(const GroupRecord& group);

/// All that is known of a group: variants with their spreads and controls, variants compared.
[[nodiscard]] v1::GroupReply summary(const GroupRecord& group);

/// What a seed changes about data of this kind: a file is split anew, built-in vowels are drawn
/// anew; of every other kind the test set is taken to stay.
[[nodiscard]] Sampling sampling_of(const v1::DataSpec& data);

} // namespace phyll::runs
