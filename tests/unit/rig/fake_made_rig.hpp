#pragma once

#include "daemon/rig/calibration/calibrated_rig.hpp"
#include "daemon/rig/made_rig.hpp"
#include "drivers/core/guard.hpp"
#include "tests/support/fake_instruments.hpp"

#include <memory>
#include <utility>

namespace phyll::test {

/// A FakeRig, called "bench", as the daemon has its rigs; it may be driven without a calibration.
inline rig::MadeRig made_fake_rig(std::shared_ptr<FakeRigScript> script, const Clock& clock) {
    auto book = std::make_shared<rig::CalibrationBook>(
        rig::CalibrationBook::Rules{
            .rig = "bench", .allow = true, .longest = Seconds(1e9), .version = "1"},
        nullptr, clock);
    auto layer = std::make_unique<rig::CalibratedRig>(
        std::make_unique<FakeRig>(std::move(script), clock), book, 0);
    rig::CalibratedRig& controls = *layer;
    return {std::make_unique<Guard>(std::move(layer)), controls};
}

} // namespace phyll::test
