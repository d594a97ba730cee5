#include "daemon/doctor/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::doctor {
namespace {

std::string with_reason(const std::string& what, const std::string& why) {
    return why.empty() ? what : fmt::format("{}: {}", what, why);
}

void judge_block(const std::string& rig, const v1::RigBlock& block, Findings& findings) {
    const std::string by = block.by().empty() ? "" : " by " + block.by();
    const std::string acknowledge =
        fmt::format("see that the rig is as it should be, then 'phyllctl rig acknowledge {}'", rig);
    switch (block.kind()) {
    case v1::RigBlock::NOT_SAFE:
        findings.fault(rig, with_reason("it could not be made safe", block.note()), acknowledge);
        break;
    case v1::RigBlock::DISABLED:
        findings.note(rig, with_reason(fmt::format("it is disabled{}", by), block.note()),
                      fmt::format("'phyllctl rig enable {}' once it may be driven again", rig));
        break;
    default:
        findings.warning(rig, with_reason(fmt::format("it is stopped{}", by), block.note()),
                         acknowledge);
    }
}

void judge_health(const ExaminedRig& rig, Findings& findings) {
    const std::string& name = rig.info.name();
    const v1::Health& health = rig.info.health();
    if (rig.given_up) {
        findings.fault(name,
                       with_reason("its driver did not return and was given up", health.reason()),
                       "see that the instruments are safe, then restart phylld");
    } else if (health.state() == v1::Health::FAULT) {
        findings.fault(name, with_reason("it is in fault", health.reason()),
                       rig.info.has_calibration()
                           ? "'phyllctl instruments' says which instrument is missing and why; "
                             "the next query reaches for it again"
                           : "the next query tries it again; the log of phylld has more");
    } else if (health.state() == v1::Health::DEGRADED &&
               health.reason() != rig.info.calibration().reason()) { // that has a check of its own
        findings.warning(
            name, with_reason("it is degraded", health.reason()),
            fmt::format("'phyllctl rigs {}' has the rest of what is known of it", name));
    }
}

} // namespace

bool has_hardware(const Subject& subject) {
    return std::ranges::any_of(
        subject.config.instruments(),
        [](const v1::InstrumentConfig& instrument) { return !instrument.virtual_(); });
}

void check_rigs(const Premises& premises, Findings& findings) {
    for (const ExaminedRig& rig : premises.subject.rigs) {
        const std::size_t before = findings.all().size();
        bool said = false;
        for (const v1::RigBlock& block : rig.info.blocks()) {
            judge_block(rig.info.name(), block, findings);
            said = said || block.kind() == v1::RigBlock::NOT_SAFE;
        }
        if (!said && !rig.info.safe() && !rig.info.safe_reason().empty()) {
            findings.fault(rig.info.name(),
                           with_reason("it is not known to be safe", rig.info.safe_reason()),
                           "go and look; phylld tries again every two seconds");
        }
        judge_health(rig, findings);
        if (premises.subject.serving && findings.all().size() == before) {
            findings.fine(rig.info.name(), "it may be driven");
        }
    }
}

} // namespace phyll::doctor
