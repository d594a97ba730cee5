#include "daemon/doctor/checks.hpp"
#include "daemon/doctor/stored_lab.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

namespace phyll::doctor {
namespace {

void judge_folder(const Premises& premises, Findings& findings) {
    const std::string folder = premises.subject.state_dir.string();
    struct stat found{};
    if (::stat(premises.host.at(folder).c_str(), &found) != 0) {
        return;
    }
    if (!S_ISDIR(found.st_mode)) {
        findings.fault(folder, "it is no folder", "name another one with --state-dir");
    } else if (!premises.host.may_use(folder)) {
        findings.fault(
            folder,
            fmt::format("{} may not write it: {}", own_user(), ownership_of(premises.host, folder)),
            fmt::format("'chown -R {} {}', or name another folder with --state-dir", own_user(),
                        folder));
    } else if ((found.st_mode & S_IWOTH) != 0) {
        findings.warning(folder,
                         fmt::format("every user of the machine may write it (mode {:04o}), and so "
                                     "replace what is in it",
                                     found.st_mode & 07777U),
                         fmt::format("'chmod o-w {}'", folder));
    }
}

void judge_key(const Premises& premises, Findings& findings) {
    const std::string file = (premises.subject.state_dir / "server.key").string();
    struct stat found{};
    if (::stat(premises.host.at(file).c_str(), &found) != 0) {
        return; // it is made at first need
    }
    // phylld does not start with such a file, and then nobody who needs a key comes in.
    const Severity severity =
        premises.subject.asks_for_keys ? v1::Examined::FAULT : v1::Examined::WARNING;
    if ((found.st_mode & 077U) != 0) {
        findings.add(severity, file,
                     fmt::format("others may read or write phylld's secret key (mode {:04o}): the "
                                 "next start is refused with it",
                                 found.st_mode & 07777U),
                     fmt::format("'chmod 600 {0}'; if others were there, remove {0}: phylld makes "
                                 "a new key at its next start, which clients have to be told",
                                 file));
    } else if (found.st_uid != ::geteuid()) {
        findings.add(severity, file,
                     fmt::format("phylld's secret key is another user's: {}",
                                 ownership_of(premises.host, file)),
                     fmt::format("'chown {} {}'", own_user(), file));
    }
}

} // namespace

void check_state(const Premises& premises, Findings& findings) {
    const std::string folder = premises.subject.state_dir.string();
    if (!premises.host.exists(folder)) {
        findings.note(folder, "it is not there yet: phylld makes it at its first start");
        return;
    }
    judge_folder(premises, findings);
    judge_key(premises, findings);
    if (!premises.subject.serving) {
        if (const std::string holder = holder_of_state(premises); !holder.empty()) {
            findings.note(folder,
                          fmt::format("{} serves the lab that is kept here; what only that one "
                                      "may open is not looked at",
                                      holder),
                          "'phyllctl doctor' asks it");
        }
    }
    if (findings.all_fine()) {
        findings.fine(folder, "only those may write it who should");
    }
}

} // namespace phyll::doctor
