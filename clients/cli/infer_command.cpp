#include "app.hpp"
#include "infer_output.hpp"
#include "infer_samples.hpp"
#include "output.hpp"
#include "run_commands.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/runs.pb.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

namespace phyll::cli {
namespace {

/// Samples in one request: the rigs are free between two of them.
constexpr std::size_t most_samples = 1024;
/// Values in one request.
constexpr std::size_t most_values = std::size_t{16} << 20U;

struct InferArguments {
    std::uint64_t run = 0;
    std::string in;
    std::string out;
    std::string label;
    bool scores = false;
    std::optional<double> early_exit;
    std::optional<std::uint64_t> key;
    double timeout_s = 0;
    bool wait = false;
};

v1::InferRequest infer_request_of(const InferArguments& arguments, ConstBlock samples) {
    v1::InferRequest request;
    request.set_run(arguments.run);
    request.mutable_inputs()->set_channels(static_cast<std::uint32_t>(samples.channels()));
    request.mutable_inputs()->set_samples(static_cast<std::uint32_t>(samples.samples()));
    request.set_wait(arguments.wait);
    if (arguments.early_exit) {
        request.set_early_exit(*arguments.early_exit);
    }
    return request;
}

/// What phylld would say of the request's samples, said of the file's.
void check_finite(const std::string& path, std::size_t first, ConstBlock samples) {
    const auto values = samples.values();
    const auto found =
        std::ranges::find_if_not(values, [](float value) { return std::isfinite(value); });
    if (found != values.end()) {
        const auto place = static_cast<std::size_t>(found - values.begin());
        throw Error(Code::invalid_argument,
                    fmt::format("{}: sample {}, feature {}: {}; valid are finite numbers", path,
                                first + place / samples.channels(), place % samples.channels(),
                                *found));
    }
}

void show_how_far(const App& app, std::size_t done, std::optional<std::uint64_t> all) {
    if (!app.json() && ::isatty(STDERR_FILENO) != 0 && all && *all > most_samples) {
        std::cerr << fmt::format("\r{} of {} samples{}", count(done), count(*all),
                                 done == *all ? "\n" : "")
                  << std::flush;
    }
}

/// Asks request after request; what was answered is in `predictions` also where this throws.
void ask(App& app, const InferArguments& arguments, StimulusSource& samples,
         Predictions& predictions) {
    Client::Timeout timeout;
    if (arguments.timeout_s > 0) {
        timeout = std::chrono::milliseconds(static_cast<long>(arguments.timeout_s * 1e3));
    }
    app.let_signals_interrupt();
    const std::size_t most = std::clamp<std::size_t>(
        most_values / std::max<std::size_t>(samples.channels(), 1), 1, most_samples);
    std::optional<std::uint64_t> key = arguments.key;
    while (!samples.over()) {
        const std::optional<OwnedBlock> block = samples.next(most, {});
        if (!block) {
            continue;
        }
        const ConstBlock view = block->view();
        check_finite(arguments.in, predictions.labels.size(), view);
        v1::InferRequest request = infer_request_of(arguments, view);
        if (key) {
            request.set_key((*key)++);
        }
        OwnedBlock scores;
        const auto reply = app.driving_client().call<v1::InferReply>("phyll.v1.Runs/Infer", request,
                                                                     view, scores, timeout);
        if (predictions.labels.empty()) { // all that follow count up from the first one's
            predictions.totals.set_key(reply.key());
            key = reply.key() + 1;
        }
        predictions.add(reply, arguments.scores ? std::as_const(scores).view() : ConstBlock());
        show_how_far(app, predictions.labels.size(), samples.samples());
    }
}

void say_totals(const App& app, const InferArguments& arguments, const v1::RunReply& run,
                const Predictions& predictions, std::ostream& out) {
    const v1::InferReply& totals = predictions.totals;
    const std::optional<double> accuracy = predictions.accuracy();
    const std::size_t samples = predictions.labels.size();
    if (app.json()) {
        nlohmann::json line{{"event", "inferred"},
                            {"run", arguments.run},
                            {"samples", samples},
                            {"queries", totals.queries()},
                            {"saved_queries", totals.saved_queries()},
                            {"hardware_seconds", totals.hardware_seconds()},
                            {"clipped", totals.clipped()},
                            {"encoded", totals.encoded()},
                            {"clamped", totals.clamped()},
                            {"evidence", name_of(totals.evidence())},
                            {"key", totals.key()},
                            {"notices", totals.notices()}};
        if (accuracy) {
            line["accuracy"] = *accuracy;
        }
        out << line.dump() << '\n';
        return;
    }
    for (const std::string& notice : totals.notices()) {
        out << notice << '\n';
    }
    if (accuracy) {
        out << fmt::format(
            "accuracy {} of {} samples (standard error {})\n", percent(*accuracy), count(samples),
            percent(std::sqrt(*accuracy * (1.0 - *accuracy) / static_cast<double>(samples))));
    }
    const auto& rigs = run.info().rigs();
    out << fmt::format(
        "{} sample{}: {} queries in {} on {} ({}){}, {} of {} drive values clipped, features "
        "clamped: {}, key {}\n",
        count(samples), samples == 1 ? "" : "s", count(totals.queries()),
        duration(totals.hardware_seconds()),
        rigs.empty() ? "no rig" : fmt::format("{}", fmt::join(rigs, ", ")),
        name_of(totals.evidence()),
        arguments.early_exit ? fmt::format(", {} spared", count(totals.saved_queries())) : "",
        count(totals.clipped()), count(totals.encoded()), count(totals.clamped()), totals.key());
}

void show(const App& app, const InferArguments& arguments, const v1::RunReply& run,
          const Predictions& predictions) {
    if (!arguments.out.empty()) {
        write_predictions(arguments.out, predictions);
    } else if (app.json()) {
        print_json(predictions, std::cout);
    } else {
        print_table(predictions, std::cout);
    }
    say_totals(app, arguments, run, predictions, arguments.out == "-" ? std::cerr : std::cout);
}

void infer(App& app, const InferArguments& arguments) {
    const v1::RunReply run = get_run(app, arguments.run);
    AskedSamples asked = open_samples(arguments.in, run, arguments.label);
    Predictions predictions;
    predictions.class_names.assign(run.info().result().classes().begin(),
                                   run.info().result().classes().end());
    predictions.truth = std::move(asked.labels);
    try {
        ask(app, arguments, *asked.features, predictions);
    } catch (...) {
        if (!predictions.labels.empty()) {
            show(app, arguments, run, predictions); // what came so far
        }
        throw;
    }
    show(app, arguments, run, predictions);
}

} // namespace

void add_infer_command(App& app) {
    CLI::App* command = app.commands().add_subcommand(
        "infer", "Ask the trained network of a run about samples, on the run's rigs");
    const auto arguments = std::make_shared<InferArguments>();
    command->add_option("run", arguments->run, "Number of the run; it succeeded")->required();
    command
        ->add_option("--in", arguments->in,
                     "Samples: a CSV file, one sample per line (a header that names the run's "
                     "features lets the columns come in any order; the label's column may be "
                     "there), an .npy file of samples x features, or - for CSV on standard input")
        ->required();
    command->add_option("--out", arguments->out,
                        "CSV or .npy file for the classes, instead of a table; - is CSV on "
                        "standard output");
    command->add_flag("--scores", arguments->scores,
                      "With the score of every class: the goodness summed over the layers");
    command->add_option("--label", arguments->label,
                        "Column that holds the class, for the accuracy; default: the run's");
    command
        ->add_option("--early-exit", arguments->early_exit,
                     "Spare a sample further layers once its best class leads the second by so "
                     "much summed goodness")
        ->type_name("MARGIN");
    command->add_option("--key", arguments->key,
                        "Fixes the noise of simulated rigs: the same key gives the same noise");
    command
        ->add_option("--timeout", arguments->timeout_s, "Give up a request after this many seconds")
        ->check(CLI::Range(0.001, 4e6));
    command->add_flag("--wait", arguments->wait, "Wait until the rigs are free");
    command->callback([&app, arguments] { infer(app, *arguments); });
}

} // namespace phyll::cli
