#include "clients/cli/output.hpp"
#include "clients/cli/report/interval.hpp"
#include "clients/cli/report/latex.hpp"
#include "clients/cli/report/methods.hpp"
#include "clients/cli/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::cli {
namespace {

std::string latex_row(const std::string& name, const std::string& value) {
    return value.empty() ? "" : in_latex(name) + " & " + in_latex(value) + " \\\\\n";
}

std::string rig_rows(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    std::string out;
    for (const RigFacts& rig : facts.rigs) {
        out += latex_row(
            "Rig", fmt::format("{}: {}, {}", rig.name, rig.spec.kind(), channel_words(rig.spec)));
    }
    for (const std::string& of : info.result().evidence_of()) {
        out += latex_row(is_of_instruments(info) ? "Instrument" : "Recording", of);
    }
    return out;
}

std::string training_rows(const RunFacts& facts) {
    const v1::RunSpec& spec = facts.run.spec();
    std::string out;
    int number = 0;
    for (const v1::LayerConfig& layer : spec.layers()) {
        const std::string permutations = permutation_words(layer);
        out += latex_row(fmt::format("Layer {}", ++number),
                         layer_words(layer) +
                             (layer.physics() ? fmt::format(", {}, encoding {}", layer.rig(),
                                                            encoding_words(layer.encoding()))
                                              : "") +
                             (permutations.empty() ? "" : ", " + permutations) +
                             (has_epochs(spec) ? fmt::format(", width {}", layer.width()) : ""));
    }
    out += latex_row("Scheme", scheme_words(facts));
    out += latex_row("Training", has_epochs(spec) ? training_words(facts) : "");
    out += latex_row("Data", data_words(spec.data()));
    out += latex_row("Classes", classes_words(facts.run.info().result()));
    out += latex_row("Split", split_words(facts));
    out += latex_row("Validation", validation_words(spec));
    out += latex_row("Displaced", perturb_words(spec));
    return out;
}

std::string result_rows(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    const v1::RunResult& result = info.result();
    std::string out;
    if (has_accuracy(info)) {
        out += latex_row("Spread", spread_words(facts));
        out +=
            latex_row("Samples", fmt::format("{} training, {} test", count(result.train_samples()),
                                             count(result.test_samples())));
    }
    out += latex_row("Queries", fmt::format("{} training, {} evaluation, {} sentinels",
                                            count(result.training_queries()),
                                            count(result.evaluation_queries()),
                                            count(result.sentinel_queries())));
    out +=
        latex_row("Repeats", std::to_string(std::max(1U, facts.run.spec().training().repeats())));
    return out;
}

std::string setup_rows(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    const v1::Conditions& conditions = info.conditions();
    const std::string& weights = info.result().weights_sha256();
    std::string out = latex_row("Evidence", evidence_words(info)) + rig_rows(facts);
    out += info.kind() == v1::TRAINING ? training_rows(facts) : "";
    out += latex_row("Seed", std::to_string(info.seed()));
    out += info.has_result() ? result_rows(facts) : "";
    out += latex_row("Software", conditions.version().empty()
                                     ? "not recorded"
                                     : fmt::format("phylld {}, kernels {}", conditions.version(),
                                                   conditions.kernel_level()));
    out += latex_row("Weights", weights.empty() ? "" : "sha256 " + weights.substr(0, 16) + "...");
    return out;
}

std::string accuracy_rows(const v1::RunReply& run) {
    const std::uint64_t samples = run.info().result().test_samples();
    std::string out;
    for (const AccuracyRow& row : accuracies_of(run)) {
        out += in_latex(row.name) + " & ";
        if (row.test) {
            const Interval interval = wilson_95(*row.test, samples);
            out += fmt::format("{:.1f} & {:.1f} to {:.1f} & {}", 100 * *row.test,
                               100 * interval.least, 100 * interval.most, count(row.queries));
        } else {
            out += "\\multicolumn{3}{l}{" + in_latex(row.instead) + "}";
        }
        out += " \\\\\n";
    }
    return out;
}

std::string in_points(bool known, double share, const char* sign = "") {
    return known ? fmt::format("{}{:.1f}", sign, 100 * share) : "";
}

std::string estimate_cells(const v1::Estimate& estimate) {
    return fmt::format("{} & {} & {}", in_points(estimate.n() > 0, estimate.mean()),
                       in_points(estimate.has_deviation(), estimate.deviation()),
                       in_points(estimate.has_half_width(), estimate.half_width(), "$\\pm$"));
}

/// Means over the seeds, of a run that is one of several.
std::string seeds_tabular(const v1::GroupVariant& variant) {
    std::string rows =
        "this run's settings & " + estimate_cells(variant.test_accuracy()) + " & & & \\\\\n";
    for (const v1::ControlEstimate& control : variant.controls()) {
        rows += in_latex(control_name(control.kind())) + " & ";
        rows += control.test_accuracy().n() == 0 ? "\\multicolumn{6}{l}{not measured}"
                                                 : estimate_cells(control.test_accuracy()) + " & " +
                                                       estimate_cells(control.difference());
        rows += " \\\\\n";
    }
    return fmt::format("\n  \\medskip\n\n  \\begin{{tabular}}{{lrrrrrr}}\n\\toprule\n"
                       "Over {} seeds & Test, \\% & std & 95\\,\\% & this minus it & std & "
                       "95\\,\\% \\\\\n\\midrule\n{}\\bottomrule\n  \\end{{tabular}}\n",
                       variant.test_accuracy().n(), rows);
}

} // namespace

std::string methods_table(const RunFacts& facts) {
    const v1::RunInfo& info = facts.run.info();
    std::string out =
        fmt::format("% needs \\usepackage{{booktabs}}\n\\begin{{table}}\n  \\centering\n  \\small\n"
                    "  \\caption{{Run {}{}.}}\n  \\smallskip\n",
                    info.run(), info.name().empty() ? "" : ": " + in_latex(info.name()));
    out += "  \\begin{tabular}{lp{0.75\\linewidth}}\n\\toprule\n" + setup_rows(facts) +
           "\\bottomrule\n  \\end{tabular}\n";
    if (has_accuracy(info)) {
        out += fmt::format("\n  \\medskip\n\n  \\begin{{tabular}}{{lrrr}}\n\\toprule\n"
                           "& Test, \\% & 95\\,\\% interval (Wilson) & Queries \\\\\n"
                           "\\midrule\n{}\\bottomrule\n  \\end{{tabular}}\n",
                           accuracy_rows(facts.run));
    }
    const v1::GroupVariant* variant = variant_of(facts);
    if (variant != nullptr && variant->test_accuracy().n() > 1) {
        out += seeds_tabular(*variant);
    }
    return out + "\\end{table}\n";
}

} // namespace phyll::cli
