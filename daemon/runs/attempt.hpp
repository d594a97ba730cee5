#pragma once

#include "daemon/runs/job.hpp"
#include "daemon/runs/measuring/response_table.hpp"
#include "daemon/runs/runner.hpp"
#include "daemon/runs/workplace.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace phyll::runs {

/// One go at a run: from its latest checkpoint, if there is one, to its end or to what ends it.
class Attempt : private Workplace {
  public:
    /// `site` and `order` outlive this.
    Attempt(const RunOrder& order, const RunSite& site, std::stop_token stop,
            std::stop_token pause = {});
    ~Attempt();

    /// Throws what ended the attempt: CANCELLED when stopped or paused, ABORTED when a person has
    /// to look. A stop ends the query under way, a pause comes after it and leaves a checkpoint
    /// where one can be made.
    [[nodiscard]] v1::RunResult run();

  private:
    class Observer;
    /// All that is made anew where a checkpoint turns out not to fit.
    struct Work {
        Job job;
        std::unique_ptr<Measurer> measurer;
        std::optional<ResponseTable> table;
        std::unique_ptr<Observer> observer;
        std::unique_ptr<Runner> runner;
    };

    [[nodiscard]] std::unique_ptr<Work> prepare_work();
    [[nodiscard]] std::unique_ptr<Work> start();
    [[nodiscard]] v1::RunResult do_work(Work& work);
    void finish(v1::RunResult& result, const Work& work);
};

} // namespace phyll::runs
