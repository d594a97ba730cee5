#pragma once

#include "daemon/runs/group_statistics.hpp"
#include "daemon/runs/store.hpp"
#include "daemon/training/data/data_set.hpp"

#include <phyll/v1/groups.pb.h>

namespace phyll::runs {

/// What a list says of a group.
[[nodiscard]] v1::GroupInfo overview(const GroupRecord& group);

/// All that is known of a group: variants with their spreads and controls, variants compared.
[[nodiscard]] v1::GroupReply summary(const GroupRecord& group);

/// What another seed changes about data: built-in sets are drawn anew; a file with a test set of
/// its own keeps that, any other is split anew. `split` tells where the spec does not: a test set
/// of its own comes after the samples to train on.
[[nodiscard]] v1::TestData test_data_of(const v1::DataSpec& data, const training::Split& split);

} // namespace phyll::runs
