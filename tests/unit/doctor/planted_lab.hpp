#pragma once

#include "daemon/doctor/examination.hpp"
#include "tests/support/paths.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace phyll::test {

struct PlantedRoot {
    TempDir dir;
};

/// A machine whose files are in a folder, and whose answers are what the test says.
class PlantedHost final : private PlantedRoot, public doctor::Host {
  public:
    PlantedHost() : Host(dir.path()) {}

    void plant(const std::filesystem::path& file, const std::string& text) const;
    void plant_link(const std::filesystem::path& link, const std::filesystem::path& to) const;
    /// A process, and what it has open.
    void plant_process(int number, const std::string& name,
                       const std::vector<std::string>& arguments,
                       const std::vector<std::filesystem::path>& open = {}) const;
    void remove(const std::filesystem::path& path) const;

    [[nodiscard]] bool may_use(const std::filesystem::path& path) const override;
    [[nodiscard]] std::optional<doctor::DiskUse>
    disk(const std::filesystem::path& path) const override;
    [[nodiscard]] doctor::ClockState clock_state() const override { return clock; }

    std::set<std::filesystem::path> forbidden; ///< to this user
    doctor::DiskUse room{.free = 1'000'000'000'000, .files_free = 1'000'000, .counts_files = true};
    doctor::ClockState clock = doctor::ClockState::synchronised;
};

/// A lab in which all is well: real instruments of every way, a rig of them, and a run that went
/// well.
struct PlantedLab {
    PlantedLab();

    PlantedHost host;
    ManualClock clock;
    doctor::Subject subject;

    [[nodiscard]] doctor::ExaminedRig& bench() { return subject.rigs.front(); }
    [[nodiscard]] double now() const { return Seconds(clock.wall().time_since_epoch()).count(); }
    [[nodiscard]] std::filesystem::path database() const { return host.at("/state/phylld.db"); }
    /// Changes the database.
    void sql(const std::string& statement) const;
    /// A training run with a checkpoint, in its folder.
    void add_run(int number, int state, bool waits = false) const;

    [[nodiscard]] std::vector<v1::Examined> examine() const;
    /// What is worse than a note.
    [[nodiscard]] std::vector<v1::Examined> complaints() const;
};

/// All that is worse than a note is one line, and says that.
void expect_complaint(const PlantedLab& lab, v1::Examined::Severity severity,
                      const std::string& check, const std::string& subject,
                      const std::string& finding, const std::string& advice);

} // namespace phyll::test
