#include "accounts.hpp"
#include "conditions.hpp"
#include "output.hpp"
#include "run_view.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace phyll::cli {
namespace {

nlohmann::json control_json(const v1::Control& control) {
    nlohmann::json out{{"kind", control.kind()},
                       {"training_queries", control.training_queries()},
                       {"evaluation_queries", control.evaluation_queries()},
                       {"reason", control.reason()}};
    if (control.has_test_accuracy()) {
        out["test_accuracy"] = control.test_accuracy();
        out["train_accuracy"] = control.train_accuracy();
    }
    return out;
}

nlohmann::json era_json(const v1::EraEnded& era) {
    return {{"rig", era.rig()},
            {"era", era.era()},
            {"measurement", era.number()},
            {"moved", era.moved()},
            {"why", era.why()}};
}

nlohmann::json histogram_json(const v1::Histogram& histogram) {
    return {{"least", histogram.least()},
            {"most", histogram.most()},
            {"counts",
             std::vector<std::uint64_t>(histogram.counts().begin(), histogram.counts().end())}};
}

nlohmann::json judgement_json(const v1::TestJudgement& judgement) {
    nlohmann::json out{{"classes", judgement.classes()},
                       {"confusion", std::vector<std::uint64_t>(judgement.confusion().begin(),
                                                                judgement.confusion().end())}};
    if (judgement.has_own() && judgement.has_best_other()) {
        out["own"] = histogram_json(judgement.own());
        out["best_other"] = histogram_json(judgement.best_other());
    }
    return out;
}

nlohmann::json metrics_json(const google::protobuf::Map<std::string, double>& metrics) {
    nlohmann::json out = nlohmann::json::object();
    for (const auto& [name, value] : metrics) {
        out[name] = value;
    }
    return out;
}

void add_result(nlohmann::json& out, const v1::RunResult& result) {
    out["test_accuracy"] = result.test_accuracy();
    out["train_accuracy"] = result.train_accuracy();
    out["test_samples"] = result.test_samples();
    out["train_samples"] = result.train_samples();
    add_accounts(out, result);
    out["weights_sha256"] = result.weights_sha256();
    out["evidence"] = name_of(result.evidence());
    out["evidence_of"] = result.evidence_of();
    out["kernel_level"] = result.kernel_level();
    out["cpu_model"] = result.cpu_model();
    out["remarks"] = result.remarks();
    out["eras"] = nlohmann::json::array();
    for (const v1::EraEnded& era : result.eras()) {
        out["eras"].push_back(era_json(era));
    }
    if (!result.classes().empty()) {
        out["classes"] = result.classes();
        out["feature_names"] = result.feature_names();
    }
    if (result.has_test_judgement()) {
        out["test_judgement"] = judgement_json(result.test_judgement());
    }
    out["controls"] = nlohmann::json::array();
    for (const v1::Control& control : result.controls()) {
        out["controls"].push_back(control_json(control));
    }
}

nlohmann::json epoch_json(const v1::EpochMetrics& epoch) {
    nlohmann::json out{{"layer", epoch.layer()},   {"epoch", epoch.epoch()},
                       {"epochs", epoch.epochs()}, {"step", epoch.step()},
                       {"loss", epoch.loss()},     {"pair_accuracy", epoch.pair_accuracy()}};
    add_accounts(out, epoch);
    if (epoch.has_train_accuracy()) {
        out["train_accuracy"] = epoch.train_accuracy();
    }
    if (epoch.has_validation_accuracy()) {
        out["validation_accuracy"] = epoch.validation_accuracy();
    }
    if (epoch.has_validation_accuracy_before()) {
        out["validation_accuracy_before"] = epoch.validation_accuracy_before();
    }
    return out;
}

} // namespace

nlohmann::json to_json(const v1::Progress& progress, std::uint64_t run) {
    nlohmann::json out{{"event", "progress"},
                       {"run", run},
                       {"stage", progress.stage()},
                       {"layer", progress.layer()},
                       {"layers", progress.layers()},
                       {"epoch", progress.epoch()},
                       {"epochs", progress.epochs()},
                       {"queries", progress.queries()},
                       {"fraction", progress.fraction()},
                       {"seconds_left", progress.seconds_left()}};
    if (progress.has_so_far()) {
        add_accounts(out["so_far"], progress.so_far());
    }
    if (progress.has_train_accuracy()) {
        out["train_accuracy"] = progress.train_accuracy();
    }
    return out;
}

nlohmann::json to_json(const v1::Event& event, std::uint64_t run) {
    nlohmann::json out;
    if (event.has_epoch()) {
        out = epoch_json(event.epoch());
        out["event"] = "epoch";
    } else if (event.has_state()) {
        out["event"] = "state";
        out["state"] = name_of(event.state().state());
        out["reason"] = event.state().reason();
    } else if (event.has_result()) {
        out["event"] = "result";
        add_result(out, event.result());
    } else if (event.has_rewound()) {
        out["event"] = "rewound";
        out["step"] = event.rewound().step();
        out["epochs"] = event.rewound().epochs();
    } else if (event.has_metrics()) {
        out["event"] = "metrics";
        out["step"] = event.metrics().step();
        out["metrics"] = metrics_json(event.metrics().metrics());
    } else if (event.has_era()) {
        out = era_json(event.era());
        out["event"] = "era";
    } else {
        out["event"] = "notice";
        out["text"] = event.notice();
    }
    out["run"] = run;
    out["number"] = event.number();
    out["time"] = event.time();
    return out;
}

nlohmann::json to_json(const v1::RunInfo& info, const std::string& event) {
    nlohmann::json out{
        {"event", event},
        {"run", info.run()},
        {"name", info.name()},
        {"note", info.note()},
        {"kind", name_of(info.kind())},
        {"state", name_of(info.state())},
        {"reason", info.reason()},
        {"seed", info.seed()},
        {"rigs", std::vector<std::string>(info.rigs().begin(), info.rigs().end())},
        {"submitted", info.submitted()},
        {"submitted_by", info.submitted_by()},
        {"overrides", std::vector<std::string>(info.overrides().begin(), info.overrides().end())},
        {"started", info.started()},
        {"finished", info.finished()},
        {"interruptions", info.interruptions()},
        {"holds", info.holds()},
        {"waits", info.waits()},
        {"stopped", info.stopped()},
        {"released", info.released()},
        {"priority", info.priority()},
        {"folder", info.folder()}};
    for (const v1::NamedFile& file : info.files()) {
        out["files"].push_back({{"name", file.name()}, {"sha256", in_hexadecimal(file.sha256())}});
    }
    if (info.has_checkpoint()) {
        out["checkpoint"] = info.checkpoint();
    }
    if (!info.metrics().empty()) {
        out["metrics"] = metrics_json(info.metrics());
    }
    if (info.retry_of() != 0) {
        out["retry_of"] = info.retry_of();
    }
    if (info.replay_of() != 0) {
        out["replay_of"] = info.replay_of();
    }
    if (info.group() != 0) {
        out["group"] = info.group();
    }
    if (info.has_result()) {
        add_result(out, info.result());
        if (info.replay_of() != 0) {
            out["hardware_queries"] = 0; // a journal answered all of them
        }
    }
    if (info.has_conditions()) {
        out["conditions"] = to_json(info.conditions());
    }
    return out;
}

} // namespace phyll::cli
