#include "daemon/doctor/checks.hpp"

#include <fmt/format.h>

namespace phyll::doctor {
namespace {

/// By which records may be ahead of the clock without a word, s: it is set by so much now and then.
constexpr double tolerated = 60.0;

} // namespace

void check_clock(const Premises& premises, Findings& findings) {
    switch (premises.host.clock_state()) {
    case ClockState::synchronised:
        findings.fine("", "it follows a time server");
        break;
    case ClockState::unknown:
        findings.fine("", "it runs; whether it follows a time server cannot be seen from here");
        break;
    case ClockState::not_synchronised:
        // Times of simulated runs are for people; those of instruments decide on calibrations.
        findings.add(has_hardware(premises.subject) ? v1::Examined::WARNING : v1::Examined::NOTE,
                     "",
                     "the kernel says that it follows no time server: times of runs and the age of "
                     "calibrations may be wrong",
                     "'timedatectl set-ntp true', or install chrony; 'timedatectl' then says "
                     "'synchronized: yes'");
        break;
    }
    for (const ExaminedRig& rig : premises.subject.rigs) {
        const double ahead = rig.info.calibration().time() - premises.now();
        if (ahead > tolerated) {
            findings.warning(
                rig.info.name(),
                fmt::format("its calibration is from {:.3g} hours after now: the clock went back",
                            ahead / 3600.0),
                "set the clock ('timedatectl'); a machine that forgets the time when it is off "
                "needs a new battery");
        }
    }
}

} // namespace phyll::doctor
