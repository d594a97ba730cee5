#include "clients/cli/report/methods.hpp"

#include "clients/cli/output.hpp"
#include "clients/cli/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace phyll::cli {
namespace {

std::string network_sentence(const v1::RunSpec& spec) {
    std::vector<std::string> layers;
    int number = 0;
    for (const v1::LayerConfig& layer : spec.layers()) {
        std::string words = fmt::format("layer {}: {}", ++number, layer_words(layer));
        if (layer.physics()) {
            words +=
                fmt::format(" on the rig {}, encoding {}", layer.rig(), layer.encoding().kind());
        }
        if (has_epochs(spec)) {
            words += fmt::format(", width {}", layer.width());
        }
        layers.push_back(words);
    }
    return fmt::format("The network had {} ({}).",
                       counted(static_cast<std::uint64_t>(spec.layers_size()), "layer"),
                       fmt::join(layers, "; "));
}

/// Of each rig: what it is, in the words of its evidence.
std::string rigs_sentence(const RunFacts& facts) {
    std::string out;
    for (const RigFacts& rig : facts.rigs) {
        const v1::LayerSpec& spec = rig.spec;
        const char* is =
            spec.evidence() == v1::SIMULATION            ? "a simulation"
            : spec.evidence() == v1::HARDWARE            ? "made of instruments"
            : spec.evidence() == v1::VIRTUAL_INSTRUMENTS ? "made of virtual instruments"
            : spec.evidence() == v1::REPLAY              ? "a recording"
            : spec.evidence() == v1::REPLAY_TWIN ? "a network that was fitted to a recording"
                                                 : "of a kind that is not recorded";
        out += fmt::format(" The rig {} ({}, {}) is {}.", rig.name, spec.kind(),
                           channel_words(spec), is);
    }
    return out;
}

std::string evidence_of_sentence(const v1::RunInfo& info) {
    const auto& of = info.result().evidence_of();
    if (of.empty()) {
        return is_of_instruments(info) ? " Which instruments took part is not recorded." : "";
    }
    return fmt::format(" {}: {}.", is_of_instruments(info) ? "Instruments" : "Recordings",
                       fmt::join(of, "; "));
}

std::string costs_sentence(const RunFacts& facts) {
    const v1::RunResult& result = facts.run.info().result();
    const std::uint32_t repeats = std::max(1U, facts.run.spec().training().repeats());
    std::string out = fmt::format(" The rigs were queried {} for training and {} for evaluation",
                                  counted(result.training_queries(), "time"),
                                  counted(result.evaluation_queries(), "time"));
    if (result.sentinel_queries() > 0) {
        out += fmt::format(", and {} for sentinels", counted(result.sentinel_queries(), "time"));
    }
    out += repeats > 1 ? fmt::format("; each stimulus was measured {} times.", repeats) : ".";
    if (!result.eras().empty()) {
        out += fmt::format(" {} ended under the run, since a rig had changed.",
                           counted(static_cast<std::uint64_t>(result.eras_size()), "era"));
    }
    return out;
}

std::string with_interval(double share, std::uint64_t samples) {
    return fmt::format("{} (95 % interval {})", percent(share), interval_words(share, samples));
}

std::string accuracy_sentences(const v1::RunReply& run) {
    const v1::RunResult& result = run.info().result();
    std::vector<std::string> measured;
    std::vector<std::string> missing;
    const std::vector<AccuracyRow> rows = accuracies_of(run);
    for (auto row = rows.begin() + 1; row != rows.end(); ++row) {
        if (row->test) {
            measured.push_back(row->name + " " + with_interval(*row->test, result.test_samples()));
        } else if (row->instead == AccuracyRow().instead) {
            missing.push_back(row->name);
        }
    }
    std::string out = fmt::format(
        " The test accuracy was {} (Wilson 95 % interval {}, the sampling error of the test set "
        "alone); on the training samples it was {}.",
        share_words(result.test_accuracy(), result.test_samples()),
        interval_words(result.test_accuracy(), result.test_samples()),
        share_words(result.train_accuracy(), result.train_samples()));
    if (!measured.empty()) {
        out += fmt::format(" On the same split: {}.", fmt::join(measured, "; "));
    }
    if (!missing.empty()) {
        out += fmt::format(" Not measured: {}.", fmt::join(missing, ", "));
    }
    return out;
}

std::string versions_sentence(const v1::RunInfo& info) {
    const v1::Conditions& conditions = info.conditions();
    if (conditions.version().empty()) {
        return " The version of phylld is not recorded.";
    }
    return fmt::format(" Software: phylld {}, kernels {} on {}.", conditions.version(),
                       conditions.kernel_level(), conditions.cpu_model());
}

std::string latex_row(const std::string& name, const std::string& value) {
    return value.empty() ? "" : in_latex(name) + " & " + in_latex(value) + " \\\\\n";
}

std::string setup_rows(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    const v1::RunResult& result = info.result();
    const v1::RunSpec& spec = facts.run.spec();
    std::string out;
    out += latex_row("Evidence", evidence_words(info));
    for (const RigFacts& rig : facts.rigs) {
        out += latex_row(
            "Rig", fmt::format("{}: {}, {}", rig.name, rig.spec.kind(), channel_words(rig.spec)));
    }
    for (const std::string& of : result.evidence_of()) {
        out += latex_row(is_of_instruments(info) ? "Instrument" : "Recording", of);
    }
    if (info.kind() == v1::TRAINING) {
        out += latex_row("Scheme", scheme_words(spec));
        out += latex_row("Training", has_epochs(spec) ? training_words(facts) : "");
        out += latex_row("Data", data_words(spec.data()));
        out += latex_row("Split", split_words(facts));
    }
    out += latex_row("Seed", std::to_string(info.seed()));
    if (info.has_result()) {
        if (has_accuracy(info)) {
            out += latex_row("Samples",
                             fmt::format("{} training, {} test", count(result.train_samples()),
                                         count(result.test_samples())));
        }
        out += latex_row("Queries", fmt::format("{} training, {} evaluation, {} sentinels",
                                                count(result.training_queries()),
                                                count(result.evaluation_queries()),
                                                count(result.sentinel_queries())));
        out += latex_row("Repeats", std::to_string(std::max(1U, spec.training().repeats())));
    }
    const v1::Conditions& conditions = info.conditions();
    out += latex_row("Software", conditions.version().empty()
                                     ? "not recorded"
                                     : fmt::format("phylld {}, kernels {}", conditions.version(),
                                                   conditions.kernel_level()));
    out += latex_row("Weights", result.weights_sha256().empty()
                                    ? ""
                                    : "sha256 " + result.weights_sha256().substr(0, 16) + "...");
    return out;
}

std::string accuracy_rows(const v1::RunReply& run) {
    const std::uint64_t samples = run.info().result().test_samples();
    std::string out;
    for (const AccuracyRow& row : accuracies_of(run)) {
        out += in_latex(row.name) + " & ";
        out += row.test
                   ? fmt::format("{:.1f} & {} & {}", 100 * *row.test,
                                 in_latex(interval_words(*row.test, samples)), count(row.queries))
                   : "\\multicolumn{3}{l}{" + in_latex(row.instead) + "}";
        out += " \\\\\n";
    }
    return out;
}

} // namespace

std::string in_latex(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '\\':
            out += "\\textbackslash{}";
            break;
        case '~':
            out += "\\textasciitilde{}";
            break;
        case '^':
            out += "\\textasciicircum{}";
            break;
        case '<':
            out += "\\textless{}";
            break;
        case '>':
            out += "\\textgreater{}";
            break;
        case '|':
            out += "\\textbar{}";
            break;
        case '&':
        case '%':
        case '$':
        case '#':
        case '_':
        case '{':
        case '}':
            out += '\\';
            out += c;
            break;
        case '\n':
        case '\t':
            out += ' ';
            break;
        default:
            if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
                out += c;
            }
        }
    }
    return out;
}

std::string methods_paragraph(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    const v1::RunSpec& spec = facts.run.spec();
    std::string out;
    if (info.kind() == v1::TRAINING) {
        out = network_sentence(spec) + " Scheme: " + scheme_words(spec) + ".";
        out += has_epochs(spec) ? " Training: " + training_words(facts) + "." : "";
        out += fmt::format(" Data: {}; {}; seed {}.", data_words(spec.data()), split_words(facts),
                           info.seed());
    } else {
        out =
            fmt::format("Run {} is of the kind '{}': what it asked was its client's own, with seed "
                        "{}.",
                        info.run(), name_of(info.kind()), info.seed());
    }
    out += rigs_sentence(facts);
    out += " Evidence: " + evidence_words(info) + "." + evidence_of_sentence(info);
    if (!info.has_result()) {
        return out + fmt::format(" The run is {} and has no result.", name_of(info.state())) +
               versions_sentence(info);
    }
    if (has_accuracy(info)) {
        out += fmt::format(" There were {} and {}.",
                           counted(info.result().train_samples(), "training sample"),
                           counted(info.result().test_samples(), "test sample"));
    }
    out += costs_sentence(facts);
    out += has_accuracy(info) ? accuracy_sentences(facts.run) : "";
    return out + versions_sentence(info);
}

std::string methods_table(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    std::string out =
        fmt::format("% needs \\usepackage{{booktabs}}\n\\begin{{table}}\n  \\centering\n"
                    "  \\caption{{Run {}{}.}}\n",
                    info.run(), info.name().empty() ? "" : ": " + in_latex(info.name()));
    out += "  \\begin{tabular}{lp{0.7\\linewidth}}\n\\toprule\n" + setup_rows(facts) +
           "\\bottomrule\n  \\end{tabular}\n";
    if (has_accuracy(info)) {
        out += fmt::format("\n  \\medskip\n\n  \\begin{{tabular}}{{lrrr}}\n\\toprule\n"
                           "& Test accuracy, \\% & Wilson 95\\,\\% interval & Queries \\\\\n"
                           "\\midrule\n{}\\bottomrule\n  \\end{{tabular}}\n",
                           accuracy_rows(facts.run));
    }
    return out + "\\end{table}\n";
}

} // namespace phyll::cli
