#include "daemon/doctor/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::doctor {
namespace {

constexpr double gigabyte = 1e9;
/// Below this nothing is left for records, whatever runs write, GB.
constexpr double nothing_left = 0.05;
/// Below this a run that is no toy does not end, GB.
constexpr double little = 2.0;
constexpr std::uint64_t few_files = 1000;

std::string room(double bytes) {
    return bytes < 1e9 ? fmt::format("{:.3g} MB", bytes / 1e6)
                       : fmt::format("{:.4g} GB", bytes / gigabyte);
}

/// The folder, or where it will be made.
std::filesystem::path nearest(const Host& host, std::filesystem::path folder) {
    while (folder.has_relative_path() && !host.exists(folder)) {
        folder = folder.parent_path();
    }
    return folder.empty() ? "." : folder;
}

void judge_room(const Premises& premises, const std::string& folder, const DiskUse& disk,
                Findings& findings) {
    const double limit = premises.subject.config.journal_limit() * gigabyte;
    const auto free = static_cast<double>(disk.free);
    const std::string left = fmt::format("{} free", room(free));
    const std::string advice =
        fmt::format("'phyllctl run remove' removes runs that are over, [retention] does so by "
                    "itself; 'du -sh {}/runs/*' shows which are large",
                    folder);
    const std::string larger =
        fmt::format("{}; the journal of one run may take {} (journal_limit)", left, room(limit));
    if (free < nothing_left * gigabyte) {
        findings.fault(folder, fmt::format("the disk is full: {}", left), advice);
    } else if (free < std::min(limit, little * gigabyte)) {
        findings.warning(folder, "the disk is nearly full: " + larger, advice);
    } else if (free < limit) {
        findings.note(folder, larger,
                      "give the state directory more room, or say with journal_limit how much a "
                      "run may take");
    } else {
        findings.fine(folder, left);
    }
}

} // namespace

void check_disk(const Premises& premises, Findings& findings) {
    const std::filesystem::path folder = nearest(premises.host, premises.subject.state_dir);
    const auto disk = premises.host.disk(folder);
    if (!disk) {
        findings.note(folder.string(), "the system does not say how much room there is");
        return;
    }
    if (disk->read_only) {
        findings.fault(folder.string(), "its file system may only be read: nothing can be kept",
                       "'dmesg' says whether the disk failed; mount it for writing, or name "
                       "another folder with --state-dir");
        return;
    }
    judge_room(premises, folder.string(), *disk, findings);
    if (disk->counts_files && disk->files_free < few_files) {
        findings.add(disk->files_free == 0 ? v1::Examined::FAULT : v1::Examined::WARNING,
                     folder.string(),
                     fmt::format("its file system has room for {} more files, however short "
                                 "(inodes)",
                                 disk->files_free),
                     "'df -i' shows that; remove what has many files, or name another folder with "
                     "--state-dir");
    }
}

} // namespace phyll::doctor
