#include "before_start.hpp"

#include "calibration_view.hpp"
#include "group_arguments.hpp"
#include "instrument_commands.hpp"
#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/lab.pb.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <unistd.h>

namespace phyll::cli {
namespace {

/// What is about to be started.
struct Plan {
    std::set<std::string> rigs; ///< of all kinds
    std::size_t runs = 0;
    std::uint64_t training_queries = 0;
    std::uint64_t evaluation_queries = 0;
    double hardware_seconds = 0.0;
};

bool is_of_instruments(const v1::RigInfo& rig) {
    const v1::Evidence evidence = rig.spec().evidence();
    return evidence == v1::VIRTUAL_INSTRUMENTS || evidence == v1::HARDWARE;
}

std::vector<v1::RigInfo> rigs_of_instruments(App& app) {
    const auto reply = app.client().call<v1::RigsReply>("phyll.v1.Lab/Rigs", v1::RigsRequest());
    std::vector<v1::RigInfo> rigs;
    std::ranges::copy_if(reply.rigs(), std::back_inserter(rigs), is_of_instruments);
    return rigs;
}

void add(App& app, const v1::RunFile& file, const NamedFiles& files, Plan& plan) {
    v1::CheckRequest request;
    *request.mutable_file() = file;
    *request.mutable_files() = files;
    const auto reply = app.client().call<v1::CheckReply>("phyll.v1.Runs/Check", request, {});
    for (const v1::LayerPlan& layer : reply.layers()) {
        plan.rigs.insert(layer.rig());
    }
    ++plan.runs;
    plan.training_queries += reply.training_queries();
    plan.evaluation_queries += reply.evaluation_queries();
    plan.hardware_seconds += reply.hardware_seconds();
}

Plan plan_of(App& app, const v1::RunFile& file, const std::vector<v1::GroupMember>& members,
             const SentFiles& files) {
    Plan plan;
    if (members.empty()) {
        add(app, file, files.all, plan);
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
        add(app, file_of(file, members[i]), files.of_member[i], plan);
    }
    return plan;
}

/// Runs that a rig is to serve first, in the order in which they were submitted.
std::vector<std::uint64_t> waiting_for(App& app, const std::string& rig) {
    v1::ListRunsRequest request;
    request.set_rig(rig);
    request.add_states(v1::QUEUED);
    request.set_members(true);
    const auto reply = app.client().call<v1::ListRunsReply>("phyll.v1.Runs/List", request);
    std::vector<std::uint64_t> runs;
    for (const v1::RunInfo& run : reply.runs()) {
        runs.push_back(run.run());
    }
    std::ranges::reverse(runs);
    return runs;
}

nlohmann::json to_json(App& app, const v1::RigInfo& rig, const v1::InstrumentsReply& all) {
    nlohmann::json out{{"rig", rig.name()},
                       {"evidence", name_of(rig.spec().evidence())},
                       {"limits", rig.spec().limits()},
                       {"calibration", calibration_json(rig.calibration())},
                       {"held_by", rig.holder()},
                       {"runs_before", waiting_for(app, rig.name())},
                       {"instruments", nlohmann::json::array()}};
    for (const v1::InstrumentInfo& instrument : all.instruments()) {
        if (instrument.rig() == rig.name()) {
            out["instruments"].push_back({{"instrument", instrument.name()},
                                          {"identity", identity_of(instrument)},
                                          {"state", name_of(instrument.state())}});
        }
    }
    return out;
}

void say_as_json(App& app, const Plan& plan, const std::vector<v1::RigInfo>& rigs) {
    const v1::InstrumentsReply all = list_instruments(app);
    nlohmann::json line{{"event", "drives_instruments"},
                        {"runs", plan.runs},
                        {"training_queries", plan.training_queries},
                        {"evaluation_queries", plan.evaluation_queries},
                        {"hardware_seconds", plan.hardware_seconds},
                        {"rigs", nlohmann::json::array()}};
    for (const v1::RigInfo& rig : rigs) {
        line["rigs"].push_back(to_json(app, rig, all));
    }
    std::cout << line.dump() << std::endl;
}

void say(App& app, const v1::RigInfo& rig, const v1::InstrumentsReply& all) {
    const std::vector<std::uint64_t> before = waiting_for(app, rig.name());
    std::cerr << fmt::format(
        "rig {}: {}, held by {}, {}\n", rig.name(), name_of(rig.spec().evidence()),
        rig.holder().empty() ? "nobody" : rig.holder(),
        before.empty() ? "no run waits for it"
                       : fmt::format("run{} {} before this one", before.size() == 1 ? "" : "s",
                                     fmt::join(before, ", ")));
    print_instruments(all, rig.name(), std::cerr);
    std::cerr << fmt::format("limits: {}\ncalibration {}\n",
                             rig.spec().limits().empty()
                                 ? "none are configured"
                                 : fmt::format("{}", fmt::join(rig.spec().limits(), ", ")),
                             in_words(rig.calibration()));
}

void say(App& app, const Plan& plan, const std::vector<v1::RigInfo>& rigs) {
    if (app.json()) {
        say_as_json(app, plan, rigs);
        return;
    }
    // Not to standard output, where the run's number is what a script reads.
    std::cerr << (plan.runs == 1 ? "this run drives instruments\n"
                                 : fmt::format("these {} runs drive instruments\n", plan.runs));
    const v1::InstrumentsReply all = list_instruments(app);
    for (const v1::RigInfo& rig : rigs) {
        say(app, rig, all);
    }
    std::cerr << fmt::format(
        "at most {} queries for training and {} for evaluation: {} of hardware time at the rigs' "
        "nominal speed\n",
        count(plan.training_queries), count(plan.evaluation_queries),
        duration(plan.hardware_seconds));
}

void ask(const App& app) {
    if (app.json() || ::isatty(STDIN_FILENO) == 0) {
        throw Error(Code::invalid_argument,
                    fmt::format("this drives instruments, and {}; --yes starts it without asking, "
                                "--simulate puts it on simulations",
                                app.json() ? "with --json nobody is asked"
                                           : "there is no terminal to ask at"));
    }
    std::cerr << "Start? [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "Y" && answer != "yes") {
        throw Error(Code::cancelled, "nothing was started");
    }
}

} // namespace

void ask_before_start(App& app, const v1::RunFile& file,
                      const std::vector<v1::GroupMember>& members, const SentFiles& files,
                      bool yes) {
    std::vector<v1::RigInfo> rigs = rigs_of_instruments(app);
    if (rigs.empty()) {
        return; // and the file is looked at once
    }
    const Plan plan = plan_of(app, file, members, files);
    std::erase_if(rigs, [&](const v1::RigInfo& rig) { return !plan.rigs.contains(rig.name()); });
    if (rigs.empty()) {
        return;
    }
    say(app, plan, rigs);
    if (!yes) {
        ask(app);
    }
}

} // namespace phyll::cli
