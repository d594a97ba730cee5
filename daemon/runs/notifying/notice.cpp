#include "daemon/runs/notifying/notice.hpp"

#include "daemon/runs/run_state.hpp"

#include <nlohmann/json.hpp>

namespace phyll::runs {
namespace {

using nlohmann::json;

void add_result(json& out, const v1::RunInfo& info) {
    const v1::RunResult& result = info.result();
    out["test_accuracy"] = result.test_accuracy();
    out["train_accuracy"] = result.train_accuracy();
    out["test_samples"] = result.test_samples();
    out["train_samples"] = result.train_samples();
    out["hardware_queries"] = info.replay_of() != 0
                                  ? 0 // a journal answered
                                  : result.training_queries() + result.evaluation_queries();
    out["hardware_seconds"] = result.hardware_seconds();
    out["weights_sha256"] = result.weights_sha256();
    out["remarks"] = result.remarks();
}

} // namespace

bool is_worth_telling(v1::RunState state) noexcept {
    return is_final(state) || state == v1::HELD;
}

std::string notice_of(const v1::RunInfo& info, const v1::Event& event) {
    const v1::StateChange& change = event.state();
    json out{{"event", name_of(change.state())},
             {"run", info.run()},
             {"time", event.time()},
             {"state", name_of(change.state())},
             {"reason", change.reason()},
             {"waits", change.state() == v1::HELD && info.waits()},
             {"name", info.name()},
             {"note", info.note()},
             {"seed", info.seed()},
             {"rigs", info.rigs()},
             {"submitted", info.submitted()},
             {"submitted_by", info.submitted_by()},
             {"overrides", info.overrides()},
             {"started", info.started()},
             {"finished", info.finished()},
             {"interruptions", info.interruptions()},
             {"holds", info.holds()},
             {"folder", info.folder()}};
    if (info.replay_of() != 0) {
        out["replay_of"] = info.replay_of();
    }
    if (info.group() != 0) {
        out["group"] = info.group();
    }
    if (change.state() == v1::SUCCEEDED && info.has_result()) {
        add_result(out, info);
    }
    // Names and notes come from clients; what is no text must not cost the notice.
    return out.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace phyll::runs
