#include "daemon/doctor/checks.hpp"
#include "daemon/doctor/stored_lab.hpp"
#include "daemon/runs/run_state.hpp"
#include "drivers/core/number_of.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <phyll/v1/runs.pb.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace phyll::doctor {
namespace {

/// Runs that one line names.
constexpr std::size_t most_named = 10;

/// "1, 2, 3 and 7 more"
template <class Name>
std::string listed(const std::vector<Name>& names) {
    const std::size_t shown = std::min(names.size(), most_named);
    const std::string more =
        names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "";
    return fmt::format(
        "{}{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
        more);
}

/// Runs and what the store says of them.
class StoredRuns {
  public:
    StoredRuns(const Premises& premises, SQLite::Database& database)
        : premises_(premises), database_(database) {}

    [[nodiscard]] std::filesystem::path folder_of(std::int64_t run) const {
        return premises_.subject.state_dir / "runs" / std::to_string(run);
    }
    /// Whether there is the run, or was one whose folder goes at the next start.
    [[nodiscard]] bool knows(std::int64_t run) const {
        return has_run(run) || has("SELECT 1 FROM removed_runs WHERE id = ?", run);
    }
    [[nodiscard]] bool has_run(std::int64_t run) const {
        return has("SELECT 1 FROM runs WHERE id = ?", run);
    }
    [[nodiscard]] bool records(std::int64_t run, const std::string& file) const {
        SQLite::Statement select(database_, "SELECT 1 FROM checkpoints WHERE run = ? AND file = ?");
        select.bind(1, run);
        select.bind(2, file);
        return select.executeStep();
    }

    void look_for_folders(Findings& findings) const;
    void look_for_checkpoints(Findings& findings) const;
    void look_for_leftovers(const std::vector<std::filesystem::path>& folders,
                            Findings& findings) const;
    void look_for_those_that_wait(Findings& findings) const;

  private:
    [[nodiscard]] bool has(const char* query, std::int64_t run) const {
        SQLite::Statement select(database_, query);
        select.bind(1, run);
        return select.executeStep();
    }

    const Premises& premises_;
    SQLite::Database& database_;
};

void StoredRuns::look_for_folders(Findings& findings) const {
    std::vector<std::int64_t> missing;
    SQLite::Statement select(database_, "SELECT id, info FROM runs ORDER BY id");
    while (select.executeStep()) {
        const std::int64_t run = select.getColumn(0).getInt64();
        v1::RunInfo info;
        // A client's own run has a folder only once something of it is kept.
        if (!premises_.host.exists(folder_of(run)) && has_run(run) &&
            info.ParseFromArray(select.getColumn(1).getBlob(), select.getColumn(1).getBytes()) &&
            info.kind() == v1::TRAINING) {
            missing.push_back(run);
        }
    }
    if (missing.empty()) {
        return;
    }
    findings.warning(
        (premises_.subject.state_dir / "runs").string(),
        fmt::format("the folder of run{} {} is missing: run file, weights and measurements with it",
                    missing.size() == 1 ? "" : "s", listed(missing)),
        "put it back from a copy, or remove the run: 'phyllctl run remove RUN'");
}

void StoredRuns::look_for_checkpoints(Findings& findings) const {
    SQLite::Statement select(database_,
                             "SELECT checkpoints.run, checkpoints.step, checkpoints.file, "
                             "runs.state FROM checkpoints JOIN runs ON runs.id = checkpoints.run "
                             "ORDER BY checkpoints.run, checkpoints.step");
    while (select.executeStep()) {
        const std::int64_t run = select.getColumn(0).getInt64();
        const std::string name = select.getColumn(2).getString();
        const std::filesystem::path file = folder_of(run) / name;
        // A run under way replaces its checkpoints meanwhile; a folder that is gone was said.
        if (premises_.host.exists(file) || !premises_.host.exists(folder_of(run)) ||
            !records(run, name)) {
            continue;
        }
        const bool over = runs::is_final(static_cast<v1::RunState>(select.getColumn(3).getInt()));
        findings.add(
            over ? v1::Examined::WARNING : v1::Examined::FAULT, fmt::format("run {}", run),
            fmt::format("its checkpoint of step {}, {}, is recorded and not there{}",
                        select.getColumn(1).getInt64(), file.string(),
                        over ? ""
                             : ": after an interruption the run goes on from an earlier one, "
                               "or from its start"),
            over ? fmt::format("put the file back from a copy; 'phyllctl run retry {}' trains the "
                               "run anew",
                               run)
                 : "put the file back from a copy before the run is resumed; see whether "
                   "something else removes files there");
    }
}

void StoredRuns::look_for_leftovers(const std::vector<std::filesystem::path>& folders,
                                    Findings& findings) const {
    std::vector<std::string> left;
    for (const std::filesystem::path& folder : folders) {
        const std::string name = folder.filename().string();
        const auto run = number_of<std::int64_t>(name);
        if (run && !knows(*run) && premises_.host.exists(folder)) {
            left.push_back(name);
        }
    }
    if (!left.empty()) {
        findings.note((premises_.subject.state_dir / "runs").string(),
                      fmt::format("{} of runs that the database does not know: {}",
                                  left.size() == 1 ? "a folder" : "folders", listed(left)),
                      "they only take room; move away what nobody needs");
    }
}

void StoredRuns::look_for_those_that_wait(Findings& findings) const {
    SQLite::Statement select(database_, "SELECT info FROM runs WHERE state = ? ORDER BY id");
    select.bind(1, static_cast<int>(v1::HELD));
    while (select.executeStep()) {
        v1::RunInfo info;
        if (!info.ParseFromArray(select.getColumn(0).getBlob(), select.getColumn(0).getBytes())) {
            continue;
        }
        const std::string run = fmt::format("run {}", info.run());
        if (info.waits()) {
            findings.warning(
                run, fmt::format("it waits for a person: {}", info.reason()),
                fmt::format("look at its rigs, then 'phyllctl run resume {}'", info.run()));
        } else {
            findings.note(run, fmt::format("it is held: {}", info.reason()));
        }
    }
}

} // namespace

void check_runs(const Premises& premises, Findings& findings) {
    // Before the database: the folder of a run that is begun meanwhile comes after its record.
    const auto folders = premises.host.entries(premises.subject.state_dir / "runs");
    std::optional<StoredLab> stored = StoredLab::open(premises);
    if (!stored) {
        return;
    }
    if (!stored->is_readable()) {
        findings.note("", "not looked at: the database is of another version of phylld");
        return;
    }
    const StoredRuns runs(premises, stored->database());
    runs.look_for_folders(findings);
    runs.look_for_checkpoints(findings);
    runs.look_for_leftovers(folders, findings);
    runs.look_for_those_that_wait(findings);
    if (findings.all_fine()) {
        findings.fine("", "what is recorded of them is there, and none waits for a person");
    }
}

} // namespace phyll::doctor
