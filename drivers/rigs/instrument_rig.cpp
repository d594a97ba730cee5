#include "drivers/rigs/instrument_rig.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::rigs {

double quantity(const Calibration& calibration, const char* name, double least, double most) {
    const auto found = std::ranges::find(calibration.quantities, name, &Quantity::name);
    if (found == calibration.quantities.end()) {
        throw invalid_field(name, "missing in the calibration");
    }
    if (!(found->value >= least && found->value <= most)) {
        throw invalid_field(name, fmt::format("{:g} {} in the calibration; valid is {:g} to {:g}",
                                              found->value, found->unit, least, most));
    }
    return found->value;
}

const std::vector<double>& series(const Calibration& calibration, const char* name,
                                  std::size_t count) {
    const auto found = std::ranges::find(calibration.series, name, &Series::name);
    if (found == calibration.series.end()) {
        throw invalid_field(name, "missing in the calibration");
    }
    if (found->values.size() != count) {
        throw invalid_field(name, fmt::format("{} values in the calibration; valid is {}",
                                              found->values.size(), count));
    }
    return found->values;
}

Snapshot InstrumentRig::snapshot(const View& /*view*/, const Patience& /*patience*/) {
    throw Error(Code::unimplemented, "rigs of this kind have no snapshot");
}

void InstrumentRig::jog(const Pose& /*pose*/, Seconds /*duration*/, const Patience& /*patience*/) {
    throw Error(Code::unimplemented, "rigs of this kind cannot be held in a pose");
}

} // namespace phyll::rigs
