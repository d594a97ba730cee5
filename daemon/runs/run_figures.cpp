// What there is to be counted of runs, for whoever watches the daemon.

#include "daemon/runs/run_figures.hpp"

#include "daemon/runs/measuring/run_journal.hpp"
#include "daemon/runs/run_manager.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace phyll::runs {
namespace {

RunTimes times_of(const v1::RunResult& so_far) {
    return {.active = so_far.active_seconds(),
            .wait = so_far.wait_seconds(),
            .digital = so_far.digital_seconds()};
}

/// What goes back to a checkpoint says less than before.
double more(double before, double now) {
    return std::max(0.0, now - before);
}

} // namespace

void SpentTimes::note(std::uint64_t run, const v1::RunResult& so_far) {
    if (so_far.active_seconds() <= 0) {
        return;
    }
    const RunTimes now = times_of(so_far);
    const auto [known, is_new] = last_.try_emplace(run, now);
    if (!is_new) {
        spent_.active += more(known->second.active, now.active);
        spent_.wait += more(known->second.wait, now.wait);
        spent_.digital += more(known->second.digital, now.digital);
        known->second = now;
    }
}

RunFigures RunManager::figures() const {
    RunFigures figures{.states = store_.states(),
                       .spent = spent_.spent(),
                       .journal_limit_bytes = site_.max_journal_bytes};
    const auto add_journal = [&](std::uint64_t run) {
        std::error_code none; // as of a run that has not begun
        const std::uintmax_t size =
            std::filesystem::file_size(RunJournal::file_in(state_.folder_of(run)), none);
        if (!none) {
            figures.journal_bytes += size;
            figures.largest_journal = std::max<std::uint64_t>(figures.largest_journal, size);
        }
    };
    for (const auto& [run, known] : active_) {
        add_journal(run);
        if (known.control.working() && known.progress &&
            known.progress->so_far().active_seconds() > 0) {
            const RunTimes times = times_of(known.progress->so_far());
            figures.under_way.active += times.active;
            figures.under_way.wait += times.wait;
            figures.under_way.digital += times.digital;
        }
    }
    for (const auto& [run, recording] : recordings_) {
        add_journal(run);
    }
    return figures;
}

} // namespace phyll::runs
