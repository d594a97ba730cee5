#pragma once

#include "app.hpp"
#include "data_upload.hpp"

#include <phyll/v1/groups.pb.h>
#include <phyll/v1/runs.pb.h>

#include <vector>

namespace phyll::cli {

/// Before a run, or each member of a group, drives instruments: says which, within which limits,
/// for how long and behind whom, and asks. `files` are those of the run file that were sent.
/// Nothing is said of runs on simulations and recordings.
///
/// With `yes` it does not ask. Throws INVALID_ARGUMENT where nobody can be asked, CANCELLED when
/// the answer is no, and what is wrong with the file.
void ask_before_start(App& app, const v1::RunFile& file,
                      const std::vector<v1::GroupMember>& members, const SentFiles& files,
                      bool yes);

} // namespace phyll::cli
