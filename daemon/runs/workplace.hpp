#pragma once

#include "daemon/rig/rig_thread.hpp"
#include "daemon/runs/checkpoints/checkpoints.hpp"
#include "daemon/runs/holding.hpp"
#include "daemon/runs/measuring/measurer.hpp"
#include "daemon/runs/run_site.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <vector>

namespace phyll::runs {

class ClientDesk;

/// What is to be run.
struct RunOrder {
    std::uint64_t run = 0;
    v1::RunSpec spec;
    std::map<std::string, rig::RigThread*> rigs; ///< leased for it; none for a replay
    /// Those of the run's first start: the age that each rig had then is what the run counts from,
    /// however often it goes on.
    v1::Conditions conditions;
    std::uint64_t replay_of = 0; ///< the run whose journal answers; 0: the rigs do
    std::stop_token over{};      ///< of the lease on the rigs
    NamedFiles files{};          ///< that came with it
    /// Where the client's wishes lie of a run of its own; null: it has a scheme of ours.
    std::shared_ptr<ClientDesk> client{};
};

/// What an attempt at a run works with: the rigs that are leased for it, the journal of what they
/// answered, the checkpoints, and a disk that may fail.
/// Thread rule: the attempt's thread.
class Workplace {
  public:
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;

  protected:
    /// `site` and `order` outlive this.
    Workplace(const RunOrder& order, const RunSite& site, std::stop_token stop,
              std::stop_token pause);
    ~Workplace();

    /// Finds the latest checkpoint, the rigs, and the journal. Before anything else.
    void take_place();
    /// Of a step below that.
    void find_checkpoint(std::uint64_t below);
    /// What the measurer may do with a rig; little with one that is replayed.
    [[nodiscard]] RigAccess access_to(const v1::RigConditions& conditions);
    /// Does something to the disk, and holds the run while the disk fails.
    template <class ToDisk>
    auto to_disk(ToDisk&& work) {
        if constexpr (std::is_void_v<decltype(work())>) {
            persist(&holding_, stop_, work);
            holding_.over(stop_);
        } else {
            auto result = persist(&holding_, stop_, work);
            holding_.over(stop_);
            return result;
        }
    }
    void tell(const std::string& text);
    void keep_checkpoint(Checkpoint checkpoint, const std::vector<v1::EpochMetrics>& epochs);

    const RunOrder& order_;
    const RunSite& site_;
    std::stop_token stop_;
    std::stop_token pause_;
    std::filesystem::path folder_;
    Holding holding_;
    Checkpoints checkpoints_;
    std::optional<Checkpoint> checkpoint_;
    std::unique_ptr<RunJournal> journal_;
    std::map<std::string, std::unique_ptr<PhysicalLayer>> layers_; ///< by the rig's name

  private:
    void add_layers();
    void note_rigs();
    void add_recorded_layers();
    void open_journal();
    /// Lets a rig's answers be borrowed, where the run file names a run that has some of the same
    /// device.
    void add_lender(const v1::RigConditions& rig, RigAccess& access);
    void end_era(rig::RigThread& rig, const std::string& why);

    std::unique_ptr<RunJournal> lender_;
};

} // namespace phyll::runs
