#pragma once

#include "daemon/rig/lab.hpp"
#include "daemon/runs/store.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/error.hpp"

#include <phyll/v1/rigs.pb.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace phyll::runs {

/// Characterisations of rigs: each waits its turn among runs and queries, measures on a thread of
/// its own and keeps its report with the rig.
///
/// Thread rule: the loop's thread, the one on which `post` runs what it is given. Destruction stops
/// what is under way and joins.
class Characterisations {
  public:
    using Post = rig::Lab::Post;
    using Id = std::uint64_t;

    Characterisations(Store& store, rig::Lab& lab, const Clock& clock, Post post);
    Characterisations(const Characterisations&) = delete;
    Characterisations& operator=(const Characterisations&) = delete;
    ~Characterisations();

    /// Hears how it goes, on the loop's thread; after `done` or `failed`, or `stop`, nothing comes.
    struct Watcher {
        std::function<void(const v1::CharacteriseProgress&)> progress;
        std::function<void(const v1::Characterisation&)> done;
        std::function<void(const Error&)> failed;
    };
    /// `holder` is who the rig is leased to, for people. Throws NOT_FOUND for a rig there is not.
    Id start(const v1::CharacteriseRequest& request, const std::string& holder, Watcher watcher);
    /// Whoever asked has given up: leaves the line, or ends the measurement and makes the rig safe.
    void stop(Id id);

    /// The last report that was made of a rig; throws NOT_FOUND when there is none.
    [[nodiscard]] v1::Characterisation last(const std::string& rig) const;

  private:
    struct Active {
        rig::LeaseId lease = 0;
        rig::RigThread* rig = nullptr;
        v1::CharacteriseRequest request;
        /// Shared with whoever calls it: who asked may give up while they are told something. Null
        /// once they have.
        std::shared_ptr<const Watcher> watcher;
        std::jthread thread; ///< not joinable while it waits for the rig
    };

    void granted(Id id, const std::stop_token& over);
    void lost(Id id, const std::string& why);
    void measure(Id id, rig::RigThread& rig, PhysicalLayer& leased,
                 const v1::CharacteriseRequest& request, const std::stop_token& stop);
    void finish(Id id, const std::function<void(const Watcher&)>& tell);

    Store& store_;
    rig::Lab& lab_;
    const Clock& clock_;
    Post post_;
    std::map<Id, Active> active_;
    Id last_ = 0;
};

} // namespace phyll::runs
