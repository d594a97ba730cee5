#include "clients/cli/canvas.hpp"
#include "clients/cli/report/interval.hpp"
#include "clients/cli/report/latex.hpp"
#include "clients/cli/report/methods.hpp"
#include "clients/cli/report/page.hpp"
#include "clients/cli/report/pictures.hpp"
#include "clients/cli/report/words.hpp"
#include "tests/unit/cli/reported_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::cli;
using Catch::Contains;

namespace {

/// What is wrong with a text as XML: tags that do not match, attributes without quotes, characters
/// that stand for something else. Empty: nothing.
std::string damage_of(const std::string& page) {
    std::vector<std::string> open;
    std::size_t at = page.starts_with("<!DOCTYPE html>") ? 15 : 0;
    while (at < page.size()) {
        if (page[at] == '&') {
            const std::size_t end = page.find(';', at);
            if (end == std::string::npos || end > at + 6) {
                return "a lone & before " + page.substr(at, 40);
            }
        }
        if (page[at] != '<') {
            ++at;
            continue;
        }
        const std::size_t end = page.find('>', at);
        const std::string tag = page.substr(at + 1, end - at - 1);
        const std::string name = tag.substr(0, tag.find_first_of(" /", 1));
        at = end + 1;
        if (tag.find('<') != std::string::npos || std::ranges::count(tag, '"') % 2 != 0) {
            return "damaged: " + tag;
        }
        if (tag.starts_with('/')) {
            if (open.empty() || "/" + open.back() != tag) {
                return "closed, but not open: " + tag;
            }
            open.pop_back();
        } else if (!tag.ends_with('/')) {
            open.push_back(name);
        }
    }
    return open.empty() ? "" : "never closed: " + open.back();
}

std::size_t times(const std::string& page, const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = page.find(text); at != std::string::npos; at = page.find(text, at + 1)) {
        ++count;
    }
    return count;
}

} // namespace

TEST_CASE("Wilson's interval is that of the books") {
    const Interval half = wilson_95(0.5, 10);
    CHECK(half.least == Approx(0.2366).margin(1e-4));
    CHECK(half.most == Approx(0.7634).margin(1e-4));
    const Interval all = wilson_95(1.0, 10);
    CHECK(all.least == Approx(0.7225).margin(1e-4));
    CHECK(all.most == Approx(1.0));
    CHECK(wilson_95(0.0, 10).least == 0.0);
    CHECK(wilson_95(0.3, 0).least == 0.0);
    CHECK(wilson_95(0.3, 0).most == 1.0);
}

TEST_CASE("a report is one well-formed page that fetches and runs nothing") {
    const std::string page = report_page(test::reported_run());
    CHECK(damage_of(page).empty());
    CHECK_THAT(page, !Contains("<script") && !Contains("src=") && !Contains("href=") &&
                         !Contains("url(") && !Contains("@import"));
    CHECK(times(page, "http") == times(page, "xmlns=\"http://www.w3.org/"));
    CHECK_THAT(page, Contains("prefers-color-scheme: dark") && Contains("@media print"));
}

TEST_CASE("a report has the numbers of its run") {
    const std::string page = report_page(test::reported_run());
    CHECK_THAT(page, Contains("75.0 %") && Contains("30.1 to 95.4 %")); // 3 of 4, Wilson
    CHECK_THAT(page, Contains("2,884") && Contains("728") && Contains("1 min 40 s"));
    CHECK_THAT(page, Contains("Evidence: simulation (the responses were computed"));
    CHECK_THAT(page, Contains("0.0.7") && Contains("kernels-x") && Contains("feedbeef"));
    CHECK_THAT(page, Contains("held: the membrane tore"));
    CHECK_THAT(page, Contains("era 2") && Contains("1.75"));
    CHECK_THAT(page, Contains("learning_rate") && Contains("theta = 4.0"));
    CHECK_THAT(page, Contains("8 sentinels every 500 samples"));
    RunFacts by_default = test::reported_run();
    by_default.run.mutable_spec()->mutable_sentinels()->clear_every();
    CHECK_THAT(report_page(by_default), Contains("8 sentinels, tolerance 0.02"));
    CHECK(times(page, "<polyline class=\"c1\"") >= 2); // loss and accuracy of layer 1
    CHECK(times(page, "<polyline class=\"c2\"") >= 2);
    CHECK_THAT(page, Contains("own label") && Contains("best other"));
}

TEST_CASE("whatever users wrote stands in a report as text") {
    RunFacts facts = test::reported_run();
    const std::string evil = "</style><script>alert('x')</script> & \"]]>\x01\xff";
    v1::RunInfo& info = *facts.run.mutable_info();
    info.set_name(evil);
    info.set_note(evil);
    info.set_reason(evil);
    info.set_submitted_by(evil);
    info.add_overrides(evil);
    info.set_folder(evil);
    info.add_files()->set_name(evil);
    info.add_rigs(evil);
    info.mutable_result()->add_remarks(evil);
    info.mutable_result()->add_evidence_of(evil);
    info.mutable_result()->mutable_controls(0)->set_reason(evil);
    info.mutable_result()->mutable_eras(0)->set_why(evil);
    info.mutable_conditions()->set_cpu_model(evil);
    info.mutable_conditions()->mutable_rigs(0)->set_configuration(evil);
    info.mutable_conditions()->mutable_rigs(0)->set_calibration(evil);
    facts.events.emplace_back().set_notice(evil);
    facts.run_file = evil;
    facts.rigs[0].spec.add_notes(evil);
    facts.rigs[0].spec.add_limits(evil);
    facts.run.mutable_spec()->mutable_data()->set_kind("csv");
    facts.run.mutable_spec()->mutable_data()->set_file(evil);
    facts.run.mutable_spec()->mutable_layers(0)->set_rig(evil);
    const std::string page = report_page(facts);
    CHECK(damage_of(page).empty());
    CHECK(times(page, "</style>") == 1);
    CHECK(times(page, "<script") == 0);
    CHECK(times(page, "&lt;script&gt;") >= 20);
    CHECK(times(page, "\x01") == 0);
    CHECK(times(page, "\xff") == 0);
}

TEST_CASE("what is missing is said to be missing") {
    RunFacts facts = test::reported_run();
    v1::RunResult& result = *facts.run.mutable_info()->mutable_result();
    CHECK(times(report_page(facts), "<td class=\"r\">not measured</td>") == 5);
    result.clear_controls();
    result.clear_test_judgement();
    result.clear_eras();
    result.clear_sentinel_queries();
    facts.epochs.clear();
    facts.events.clear();
    facts.run_file.clear();
    facts.rigs.clear();
    facts.scheme_options = nlohmann::json::object();
    const std::string page = report_page(facts);
    CHECK(damage_of(page).empty());
    CHECK(times(page, "<td class=\"r\">not measured</td>") == 7);
    CHECK(times(page, "not recorded</p>") == 2); // confusion, goodness
    CHECK_THAT(page, Contains("no epoch was finished") && Contains("Not watched: no sentinels"));

    facts.run.mutable_info()->clear_result();
    facts.run.mutable_info()->clear_conditions();
    facts.run.mutable_info()->set_state(v1::FAILED);
    const std::string failed = report_page(facts);
    CHECK(damage_of(failed).empty());
    CHECK_THAT(failed,
               Contains("Test accuracy: not measured") && Contains("the run has no result"));
    CHECK_THAT(methods_paragraph(facts), Contains("has no result") && Contains("not recorded"));
    CHECK(damage_of(report_page(RunFacts{})).empty());
}

TEST_CASE("a matrix that is not whole is not drawn") {
    RunFacts facts = test::reported_run();
    v1::TestJudgement& judgement =
        *facts.run.mutable_info()->mutable_result()->mutable_test_judgement();
    REQUIRE(is_whole(judgement));
    judgement.set_classes(3);
    CHECK_FALSE(is_whole(judgement));
    CHECK_THAT(report_page(facts), Contains("not recorded"));
}

TEST_CASE("curves begin again where training started over") {
    RunFacts facts = test::reported_run();
    const std::size_t before = loss_chart(facts).curves[0].x.size();
    facts.epochs.push_back(facts.epochs.front());
    const Chart chart = loss_chart(facts);
    REQUIRE(chart.curves.size() == 2);
    REQUIRE(chart.curves[0].x.size() == before + 2);
    CHECK(std::isnan(chart.curves[0].y[before]));
}

TEST_CASE("the largest of many values is drawn") {
    Chart chart{.title = "t", .x_label = "x", .y_label = "y", .curves = {{}}};
    chart.curves[0].name = "one";
    for (int k = 0; k < 50'000; ++k) {
        chart.curves[0].x.push_back(k);
        chart.curves[0].y.push_back(k == 31'415 ? 1.0 : 0.0);
    }
    SvgCanvas canvas(400, 200, "");
    draw(canvas, chart, {0, 0, 400, 200});
    const std::string svg = canvas.take();
    CHECK(svg.size() < 30'000);
    CHECK_THAT(svg, Contains(",38.0 ")); // the top of the plot
}

TEST_CASE("what is decades apart is drawn by its powers of ten") {
    RigDrift drift{.rig = "cavity", .rounds = {}, .noise = {{1, 0.02}}, .marks = {}};
    drift.rounds = {{.number = 0, .era = 1, .deviation = 0.0},
                    {.number = 500, .era = 1, .deviation = 2.0}};
    const Chart chart = drift_chart(drift, 0.02);
    CHECK(chart.log_y);
    SvgCanvas canvas(400, 200, "");
    draw(canvas, chart, {0, 0, 400, 200});
    CHECK_THAT(canvas.take(), Contains(">0.01</text>") && Contains(">10</text>"));
    drift.rounds[1].deviation = 0.1;
    CHECK_FALSE(drift_chart(drift, 0.02).log_y);
}

TEST_CASE("the picture of a report is a PNG file") {
    RunFacts facts = test::reported_run();
    const std::vector<std::byte> png = report_png(facts);
    REQUIRE(png.size() > 1000);
    CHECK(png[1] == std::byte{'P'});
    facts.run.mutable_info()->mutable_result()->clear_test_judgement();
    facts.epochs.clear();
    CHECK(report_png(facts) != png);
}

TEST_CASE("methods say what is recorded") {
    RunFacts facts = test::reported_run();
    const std::string words = methods_paragraph(facts);
    CHECK_THAT(words, Contains("75.0 % (3 of 4)") && Contains("30.1 to 95.4 %"));
    CHECK_THAT(words, Contains("2,884 times for training and 728 times for evaluation") &&
                          Contains("48 times for sentinels"));
    CHECK_THAT(words, Contains("is a simulation") && Contains("no hardware was measured"));
    CHECK_THAT(words, Contains("Adam, learning rate 0.002 falling to 0 as a cosine"));
    CHECK_THAT(words, Contains("seed 42") && Contains("phylld 0.0.7") && Contains("kernels-x"));
    CHECK_THAT(words, Contains("without physics 50.0 % (95 % interval 15.0 to 85.0 %)"));
    CHECK_THAT(words, Contains("Not measured: physics only, random features"));
    CHECK_THAT(words, !Contains("serial") && !Contains("measured on instruments"));

    facts.scheme_options.erase("adam_beta1");
    CHECK_THAT(methods_paragraph(facts), !Contains("Adam"));
}

TEST_CASE("methods name the instruments of a run on hardware") {
    RunFacts facts = test::reported_run();
    v1::RunResult& result = *facts.run.mutable_info()->mutable_result();
    facts.rigs[0].spec.set_evidence(v1::HARDWARE);
    result.set_evidence(v1::HARDWARE);
    CHECK_THAT(methods_paragraph(facts), Contains("Which instruments took part is not recorded"));
    result.add_evidence_of("Maker & Sons M_1, serial #7");
    const std::string words = methods_paragraph(facts);
    CHECK_THAT(words, Contains("Instruments: Maker & Sons M_1, serial #7.") &&
                          Contains("the responses were measured on instruments"));
    CHECK_THAT(words, !Contains("simulation"));
    CHECK_THAT(methods_table(facts),
               Contains("Instrument & Maker \\& Sons M\\_\\allowbreak{}1, serial \\#7"));
}

TEST_CASE("the table of methods is LaTeX whatever the texts are") {
    CHECK(in_latex("50 % of $x_1^2$ & {a}\\b~\n#") ==
          "50~\\% of \\$x\\_\\allowbreak{}1\\textasciicircum{}2\\$ \\& "
          "\\{a\\}\\textbackslash{}b\\textasciitilde{} "
          "\\#");
    CHECK(in_latex("+- 5 \u00b5m \u00b1 \u03c3, \u00fc --x \u5b57\x01\xff") ==
          "$\\pm$ 5 $\\mu$m $\\pm$ $\\sigma$, \u00fc -{}-x [U+5B57][U+FFFD]");
    RunFacts facts = test::reported_run();
    facts.run.mutable_info()->set_name("a_b & 5 %");
    const std::string table = methods_table(facts);
    CHECK_THAT(table, Contains("Run 12: a\\_\\allowbreak{}b \\& 5~\\%.") && Contains("\\toprule") &&
                          Contains("\\bottomrule") && Contains("\\end{table}"));
    CHECK_THAT(table, Contains("this run & 75.0 & 30.1 to 95.4 & 3,612 \\\\"));
    CHECK_THAT(table, Contains("physics only & \\multicolumn{3}{l}{not measured} \\\\"));
    CHECK(times(table, "\\begin{") == times(table, "\\end{"));
}

TEST_CASE("methods say by which scheme and under which conditions it learned") {
    RunFacts facts = test::reported_run();
    v1::RunSpec& spec = *facts.run.mutable_spec();
    facts.scheme_options["negatives"] = "hard";
    CHECK_THAT(methods_paragraph(facts), Contains("hard negatives"));
    spec.mutable_scheme()->set_kind("prototypes");
    CHECK_THAT(methods_paragraph(facts), Contains("prototypes (supervised local learning") &&
                                             Contains("not the scheme of Momeni"));
    spec.mutable_scheme()->set_kind("infonce");
    facts.scheme_options = {{"copies", 6},     {"tau", 0.1},           {"shift", 1},
                            {"labels", 1000},  {"noise", 0.0},         {"rotation", 0.2},
                            {"scale", "none"}, {"read_out", "softmax"}};
    CHECK_THAT(
        methods_paragraph(facts),
        Contains("6 copies of each training sample, moved by up to 1 pixels, turned by up to "
                 "0.2 degrees;") &&
            Contains(", tau 0.1;") && Contains("a linear read-out, softmax,") &&
            Contains("fitted to 1,000 labelled"));

    CHECK_THAT(methods_paragraph(facts), !Contains("noise") && !Contains("rising") &&
                                             !Contains("as it is and moved by") &&
                                             !Contains("displaced"));
    spec.mutable_data()->mutable_augment()->set_shift(1);
    spec.mutable_training()->set_warm_up(3);
    spec.mutable_training()->set_response_noise(0.25);
    spec.mutable_training()->set_repeats(4);
    spec.mutable_layers(0)->set_permutations(2);
    v1::PerturbSpec& perturb = *spec.add_perturb();
    perturb.set_rig("cavity");
    perturb.set_at_epoch(3);
    perturb.set_fraction(0.05);
    const std::string words = methods_paragraph(facts);
    CHECK_THAT(words,
               Contains("as it is and moved by 1 pixel") && Contains("after rising for 3 epochs") &&
                   Contains("fresh noise added to the responses") && Contains("measured 4 times") &&
                   Contains("asked 2 times about each input") &&
                   Contains("displaced before epoch 3"));
    // Layer 2 begins with the third epoch of all.
    const std::vector<Chart::Mark> marks = accuracy_chart(facts).marks;
    REQUIRE(marks.size() == 1);
    CHECK(marks[0].x == 1.0);
    CHECK(marks[0].name == "displaced, layer 2");
}

TEST_CASE("classes have the names that the data gives them") {
    RunFacts facts = test::reported_run();
    CHECK_THAT(report_page(facts), Contains("Classes are numbered"));
    v1::RunResult& result = *facts.run.mutable_info()->mutable_result();
    result.mutable_classes()->Add(std::string("front & <open>"));
    result.mutable_classes()->Add(std::string("back"));
    const std::string page = report_page(facts);
    CHECK(damage_of(page).empty());
    CHECK_THAT(page, !Contains("Classes are numbered") && Contains(">front &amp; ..</text>") &&
                         Contains(">back</text>"));
    CHECK_THAT(methods_paragraph(facts), Contains("2 classes (front & <open>, back)"));
}

TEST_CASE("an accuracy is shown beside other seeds where there are some") {
    RunFacts facts = test::reported_run();
    CHECK_THAT(report_page(facts), Contains("one seed: no spread is known"));
    CHECK_THAT(methods_paragraph(facts), Contains("One seed: what another would change"));
    facts.run.mutable_info()->set_group(3);
    v1::GroupReply& group = facts.group.emplace();
    group.mutable_info()->add_overrides("scheme.options.labels=100");
    v1::GroupVariant& variant = *group.add_variants();
    for (const std::uint64_t run : {11U, 12U}) {
        variant.add_runs(run);
        v1::RunInfo& member = *group.add_members();
        member = facts.run.info();
        member.set_run(run);
        member.set_seed(30 + run);
    }
    variant.mutable_test_accuracy()->set_n(2);
    variant.mutable_test_accuracy()->set_mean(0.625);
    variant.mutable_test_accuracy()->set_deviation(0.0625);
    const std::string page = report_page(facts);
    CHECK(damage_of(page).empty());
    CHECK_THAT(page, Contains("Mean of 2 seeds") && Contains("62.5 %") && Contains("6.2 %"));
    CHECK_THAT(page, Contains("scheme.options.labels=100, training.learning_rate=0.002"));
    CHECK(times(page, "<circle class=\"c1\"") >= 2);
    CHECK_THAT(methods_table(facts),
               Contains("seeds 41 to 42 (group g3)") && Contains("Over 2 seeds & Test"));

    const std::string together = group_page(group, facts);
    CHECK(damage_of(together).empty());
    CHECK_THAT(together, Contains("mean test accuracy of 2 seeds") &&
                             Contains("<dt>Physics only</dt><dd>not measured</dd>") &&
                             Contains("41 to 42") && Contains("Evidence: simulation"));
    CHECK_THAT(together, Contains(">4</text>")); // twice 2 of the first class
}

TEST_CASE("the drift of a run is drawn by eras") {
    RunFacts facts = test::reported_run();
    CHECK_THAT(report_page(facts), Contains("No picture of them: none is recorded."));
    RigDrift& drift = facts.drift.emplace_back();
    drift.rig = "cavity";
    drift.rounds = {{.number = 0, .era = 1, .deviation = 0.01},
                    {.number = 500, .era = 1, .deviation = 0.3},
                    {.number = 500, .era = 2, .deviation = 0.02}};
    drift.noise = {{1, 0.015}};
    drift.marks = {{.number = 500}};
    facts.run.mutable_spec()->mutable_sentinels()->set_baseline(1);
    const Chart chart = drift_chart(drift, 0.02);
    REQUIRE(chart.curves[0].x.size() == 4); // a gap between the eras
    CHECK(std::isnan(chart.curves[0].y[2]));
    CHECK(chart.curves[1].y[0] == 0.015);
    CHECK(std::isnan(chart.curves[1].y[3]));
    REQUIRE(chart.marks.size() == 1);
    const std::string page = report_page(facts);
    CHECK(damage_of(page).empty());
    CHECK_THAT(page, Contains("Sentinels of cavity") && Contains(">era ended</text>"));
}

TEST_CASE("accuracy on validation samples stands beside that on the training split") {
    RunFacts facts = test::reported_run();
    CHECK(accuracy_chart(facts).curves.size() == 2);
    for (v1::EpochMetrics& epoch : facts.epochs) {
        epoch.set_validation_accuracy(0.5);
    }
    const Chart chart = accuracy_chart(facts);
    REQUIRE(chart.curves.size() == 4);
    CHECK(chart.curves[2].name == "layer 1, validation");
    CHECK(chart.curves[2].y[0] == 50.0);
    CHECK_FALSE(validation_chart(facts));
    facts.epochs.emplace_back(facts.epochs.back()).set_layer(3);
    CHECK(accuracy_chart(facts).curves.size() == 3);
    CHECK(validation_chart(facts).value().curves.size() == 3);
}
