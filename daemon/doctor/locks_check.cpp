#include "daemon/doctor/checks.hpp"
#include "daemon/doctor/lock_state.hpp"
#include "drivers/instruments/instrument_lock.hpp"

#include <fmt/format.h>

#include <map>
#include <unistd.h>

namespace phyll::doctor {
namespace {

/// A lock that is held, or that this user cannot take. Whether nobody holds it.
bool judge_lock(const Premises& premises, const std::filesystem::path& file,
                const std::string& instrument, Findings& findings) {
    const std::string subject = instrument.empty() ? file.string() : instrument;
    const LockState lock = lock_state(premises.host, file);
    if (lock.held && premises.subject.serving && lock.written == ::getpid()) {
        return false;
    }
    if (lock.held && !lock.alive) {
        findings.warning(subject,
                         fmt::format("its lock {} is held, and process {}, which took it, is gone: "
                                     "a process that it started has it open",
                                     file.string(), lock.written),
                         fmt::format("'fuser -v {}' names that process; end it", file.string()));
    } else if (lock.held) {
        // Which instrument a lock on an identity is of is not known without asking it.
        findings.add(instrument.empty() ? v1::Examined::NOTE : v1::Examined::WARNING, subject,
                     fmt::format("it is driven by process {} ({})", lock.written, lock.command),
                     premises.subject.serving
                         ? "stop that process, or take the instrument out of this configuration"
                         : "that may be the phylld of this lab; otherwise stop it");
    } else if (!premises.host.may_use(file)) {
        findings.warning(subject,
                         fmt::format("{} may not open its lock {}: {}", own_user(), file.string(),
                                     ownership_of(premises.host, file)),
                         fmt::format("nobody holds it: remove {} as its owner, or 'chmod 666' it",
                                     file.string()));
    } else {
        return true;
    }
    return false;
}

} // namespace

void check_locks(const Premises& premises, Findings& findings) {
    const Subject& subject = premises.subject;
    if (subject.config.instruments().empty()) {
        return;
    }
    const std::string folder = subject.lock_dir.string();
    if (!premises.host.exists(folder)) {
        if (!premises.host.may_use(subject.lock_dir.parent_path())) {
            findings.fault(folder,
                           fmt::format("it is not there, and {} may not make it: of {}, {}",
                                       own_user(), subject.lock_dir.parent_path().string(),
                                       ownership_of(premises.host, subject.lock_dir.parent_path())),
                           fmt::format("'mkdir -m 1777 {}' as root, or name another folder by "
                                       "lock_dir",
                                       folder));
        }
        return;
    }
    if (!premises.host.may_use(folder)) {
        findings.fault(
            folder,
            fmt::format("{} may not write it: {}", own_user(), ownership_of(premises.host, folder)),
            fmt::format("'chmod 1777 {}' as its owner", folder));
        return;
    }
    std::map<std::filesystem::path, std::string> ours;
    for (const v1::InstrumentConfig& instrument : subject.config.instruments()) {
        ours[instruments::lock_file(subject.lock_dir, instrument.address())] = instrument.name();
    }
    std::vector<std::string> left;
    for (const std::filesystem::path& file : premises.host.entries(folder)) {
        if (file.extension() != ".lock") {
            continue;
        }
        const auto own = ours.find(file);
        if (judge_lock(premises, file, own == ours.end() ? "" : own->second, findings)) {
            left.push_back(file.filename().string());
        }
    }
    if (!left.empty()) {
        findings.note(folder,
                      fmt::format("{} that nobody holds any more: {}",
                                  left.size() == 1 ? "a lock file" : "lock files",
                                  fmt::join(left, ", ")),
                      "they are in nobody's way; whoever minds them may remove them while no "
                      "phylld runs");
    }
    if (findings.all_fine()) {
        findings.fine(folder, "no other process drives an instrument of this lab");
    }
}

} // namespace phyll::doctor
