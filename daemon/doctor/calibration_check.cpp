#include "daemon/doctor/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::doctor {
namespace {

constexpr double day = 86400.0;
/// The last part of its time in which a calibration is said to be stale soon.
constexpr double soon = 0.1;

const v1::RigConfig* configuration_of(const Subject& subject, const std::string& rig) {
    const auto found =
        std::ranges::find(subject.config.rigs(), rig, [](const auto& each) { return each.name(); });
    return found == subject.config.rigs().end() ? nullptr : &*found;
}

} // namespace

void check_calibration(const Premises& premises, Findings& findings) {
    for (const ExaminedRig& rig : premises.subject.rigs) {
        const v1::Calibration& calibration = rig.info.calibration();
        const std::string& name = rig.info.name();
        const v1::RigConfig* config = configuration_of(premises.subject, name);
        if (calibration.state() == v1::Calibration::NONE_NEEDED || config == nullptr) {
            continue;
        }
        const std::string advice = fmt::format("'phyllctl rig calibrate {}'", name);
        const double age = (premises.now() - calibration.time()) / day;
        const double longest = config->calibration_days();
        if (calibration.state() != v1::Calibration::VALID) {
            const bool allowed = config->uncalibrated() == "allow";
            findings.add(
                allowed ? v1::Examined::WARNING : v1::Examined::FAULT, name,
                fmt::format("{}; it measures {}", calibration.reason(),
                            allowed ? "nevertheless (uncalibrated = \"allow\")" : "nothing"),
                advice);
        } else if (age > (1.0 - soon) * longest) {
            findings.warning(name,
                             fmt::format("its calibration is {:.3g} days old and stale in {:.2g}",
                                         age, longest - age),
                             advice + " before a long run");
        } else {
            findings.fine(name, fmt::format("calibrated {:.2g} days ago; {:g} are allowed",
                                            std::max(age, 0.0), longest));
        }
    }
}

} // namespace phyll::doctor
