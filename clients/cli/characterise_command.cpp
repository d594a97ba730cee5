#include "app.hpp"
#include "characterise_figures.hpp"
#include "output.hpp"
#include "rig_actions.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/rigs.pb.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <unistd.h>
#include <vector>

namespace phyll::cli {
namespace {

struct Arguments {
    std::string rig;
    std::uint64_t seed = 0;
};

nlohmann::json to_json(const v1::Characterisation& report) {
    nlohmann::json out{{"event", "characterised"},
                       {"rig", report.rig()},
                       {"kind", report.kind()},
                       {"evidence", name_of(report.evidence())},
                       {"time", report.time()},
                       {"age", report.age()},
                       {"seed", report.seed()},
                       {"queries", report.queries()},
                       {"seconds_per_sample", report.seconds_per_sample()},
                       {"nominal_seconds_per_sample", report.nominal_seconds_per_sample()},
                       {"nonlinear_share", report.nonlinear_share()},
                       {"effective_rank", report.effective_rank()},
                       {"settling", report.settling()},
                       {"settling_limit", report.settling_limit()},
                       {"drift", report.drift()},
                       {"drift_limit", report.drift_limit()},
                       {"sensitivity_limit", report.sensitivity_limit()},
                       {"verdict", report.verdict()},
                       {"outputs", nlohmann::json::array()},
                       {"inputs", nlohmann::json::array()}};
    for (const v1::OutputQuality& output : report.outputs()) {
        nlohmann::json line{{"name", output.name()},
                            {"mean", output.mean()},
                            {"deviation", output.deviation()},
                            {"nonlinear_share", output.nonlinear_share()},
                            {"dead", output.dead()}};
        if (output.has_snr_db()) {
            line["snr_db"] = output.snr_db();
        }
        out["outputs"].push_back(std::move(line));
    }
    for (const v1::InputQuality& input : report.inputs()) {
        out["inputs"].push_back({{"name", input.name()}, {"sensitivity", input.sensitivity()}});
    }
    if (report.has_exclusive_or()) {
        const v1::ExclusiveOr& found = report.exclusive_or();
        out["exclusive_or"] = {{"pairs", found.pairs()},
                               {"distinct_pairs", found.distinct_pairs()},
                               {"test_samples", found.test_samples()},
                               {"random_pairs", found.random_pairs()},
                               {"adjacent_pairs", found.adjacent_pairs()},
                               {"on_inputs", found.on_inputs()},
                               {"on_random_features", found.on_random_features()},
                               {"advantage", found.advantage()}};
        if (found.has_advantage_half_width()) {
            out["exclusive_or"]["advantage_half_width"] = found.advantage_half_width();
        }
    }
    return out;
}

std::string repeatability(const v1::Characterisation& report) {
    std::vector<double> snr;
    for (const v1::OutputQuality& output : report.outputs()) {
        if (output.has_snr_db() && !output.dead()) {
            snr.push_back(output.snr_db());
        }
    }
    return snr.empty() ? "repeats agree to the bit" : "SNR " + range_of(std::move(snr), " dB");
}

std::string dead_outputs(const v1::Characterisation& report) {
    std::vector<std::string> names;
    for (const v1::OutputQuality& output : report.outputs()) {
        if (output.dead()) {
            names.push_back(output.name());
        }
    }
    const std::size_t shown = std::min<std::size_t>(names.size(), 8);
    const std::string more =
        names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : "";
    names.resize(shown);
    return names.empty() ? "none" : fmt::format("{}{}", fmt::join(names, ", "), more);
}

std::string sensitivity(const v1::Characterisation& report) {
    std::vector<double> values;
    for (const v1::InputQuality& input : report.inputs()) {
        values.push_back(input.sensitivity());
    }
    return sensitivities(values, report.sensitivity_limit());
}

void print(const v1::Characterisation& report) {
    const auto line = [](const char* name, const std::string& value) {
        std::cout << fmt::format("  {:<17} {}\n", name, value);
    };
    std::cout << fmt::format("rig {} ({}, {}), {}\n", report.rig(), report.kind(),
                             name_of(report.evidence()), local_time(report.time()));
    line("queries", fmt::format("{} from age {}", count(report.queries()), count(report.age())));
    line("time per sample",
         fmt::format("{} measured, {} nominal", short_duration(report.seconds_per_sample()),
                     short_duration(report.nominal_seconds_per_sample())));
    line("nonlinear share",
         percent(report.nonlinear_share()) + " of the variance, mean over live outputs");
    line("effective rank",
         fmt::format("{:.1f} of {} outputs", report.effective_rank(), report.outputs_size()));
    line("sensitivity", sensitivity(report));
    line("repeatability", repeatability(report));
    line("dead outputs", dead_outputs(report));
    line("settling", share_of_deviation(report.settling(), report.settling_limit()) +
                         ", first against eighth repeat");
    line("drift",
         share_of_deviation(report.drift(), report.drift_limit()) + " over the characterisation");
    if (report.has_exclusive_or()) {
        const v1::ExclusiveOr& found = report.exclusive_or();
        line("exclusive or",
             fmt::format("random pairs {}, adjacent pairs {}, inputs alone {}, random features {}",
                         percent(found.random_pairs()), percent(found.adjacent_pairs()),
                         percent(found.on_inputs()), percent(found.on_random_features())));
    }
    std::cout << report.verdict() << '\n';
}

void show(const App& app, const v1::Characterisation& report) {
    if (app.json()) {
        std::cout << to_json(report).dump() << std::endl;
    } else {
        print(report);
    }
}

void show_progress(const App& app, const v1::CharacteriseProgress& progress) {
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "progress"},
                                    {"stage", progress.stage()},
                                    {"queries", progress.queries()},
                                    {"of_queries", progress.of_queries()}}
                         .dump()
                  << std::endl;
    } else if (progress.of_queries() == 0) {
        std::cerr << progress.stage() << '\n';
    } else if (::isatty(STDERR_FILENO) != 0) {
        std::cerr << fmt::format("\r\x1b[K{} of {} queries: {}", count(progress.queries()),
                                 count(progress.of_queries()), progress.stage())
                  << std::flush;
    }
}

void characterise(App& app, const Arguments& arguments) {
    v1::CharacteriseRequest request;
    request.set_rig(arguments.rig);
    request.set_seed(arguments.seed);
    app.let_signals_interrupt();
    v1::Characterisation report;
    app.client().stream<v1::CharacteriseItem>("phyll.v1.Rigs/Characterise", request,
                                              [&](const v1::CharacteriseItem& item) {
                                                  if (item.has_progress()) {
                                                      show_progress(app, item.progress());
                                                  } else {
                                                      report = item.report();
                                                  }
                                                  return true;
                                              });
    if (!app.json() && ::isatty(STDERR_FILENO) != 0) {
        std::cerr << "\r\x1b[K";
    }
    show(app, report);
}

void last_report(App& app, const Arguments& arguments) {
    v1::RigRequest request;
    request.set_rig(arguments.rig);
    show(app, app.client().call<v1::Characterisation>("phyll.v1.Rigs/Report", request));
}

} // namespace

void add_characterise_command(App& app) {
    CLI::App* rig = app.commands().add_subcommand("rig", "One rig");
    rig->require_subcommand(1);
    const auto arguments = std::make_shared<Arguments>();
    const auto add = rig_actions(app, *rig, arguments);
    add("characterise", "Measure a rig as a computer: a few thousand queries, then a verdict",
        characterise)
        ->add_option("--seed", arguments->seed, "Fixes the stimuli; 0 by default");
    add("report", "The report of the last characterisation", last_report);
}

} // namespace phyll::cli
