#pragma once

#include "csv_file.hpp"

#include <phyll/v1/rig.pb.h>

namespace phyll::cli {

/// What the numbers of a file of stimuli are.
enum class Units {
    drive,   ///< normalised: 0 to 1 on every input
    physical ///< each input's own unit, from its value at drive 0 to that at drive 1
};

/// The drives that `numbers` ask of a rig with these inputs, samples as they come. With a header
/// the columns are matched by name ("name" or "name [unit]") and may come in any order; without
/// one they are the inputs in the rig's order. Throws INVALID_ARGUMENT: for a header that does not
/// name each input once, with what it lacks, what is unknown and what is valid; for a physical
/// value outside an input's range, with sample, input, value, unit and range. What drives are valid
/// is for the daemon to say.
[[nodiscard]] OwnedBlock drives_of(const CsvNumbers& numbers, const v1::LayerSpec& rig,
                                   Units units);

} // namespace phyll::cli
