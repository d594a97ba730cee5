#pragma once

#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace phyll::cli {

/// An epoch, and whose it is.
struct EpochRow {
    std::uint64_t run = 0;
    std::uint64_t seed = 0;
    v1::Event event{}; ///< that of an epoch
};

/// As a table for people. What did not occur in any of them has no column.
void print_epochs(std::ostream& out, const std::vector<EpochRow>& rows);

/// The names of what `epoch_csv` gives.
[[nodiscard]] std::string epoch_csv_names();
/// An epoch as a line of CSV without its end; empty fields are not known. New fields come last.
[[nodiscard]] std::string epoch_csv(const v1::Event& event);

} // namespace phyll::cli
