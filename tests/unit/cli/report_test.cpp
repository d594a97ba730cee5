#include "clients/cli/canvas.hpp"
#include "clients/cli/report/interval.hpp"
#include "clients/cli/report/methods.hpp"
#include "clients/cli/report/page.hpp"
#include "clients/cli/report/pictures.hpp"
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
    CHECK_THAT(methods_table(facts), Contains("Instrument & Maker \\& Sons M\\_1, serial \\#7"));
}

TEST_CASE("the table of methods is LaTeX whatever the texts are") {
    CHECK(
        in_latex("50 % of $x_1^2$ & {a}\\b~\n#") ==
        "50 \\% of \\$x\\_1\\textasciicircum{}2\\$ \\& \\{a\\}\\textbackslash{}b\\textasciitilde{} "
        "\\#");
    RunFacts facts = test::reported_run();
    facts.run.mutable_info()->set_name("a_b & 5 %");
    const std::string table = methods_table(facts);
    CHECK_THAT(table, Contains("Run 12: a\\_b \\& 5 \\%.") && Contains("\\toprule") &&
                          Contains("\\bottomrule") && Contains("\\end{table}"));
    CHECK_THAT(table, Contains("this run & 75.0 & 30.1 to 95.4 \\% & 3,612 \\\\"));
    CHECK_THAT(table, Contains("physics only & \\multicolumn{3}{l}{not measured} \\\\"));
    CHECK(times(table, "\\begin{") == times(table, "\\end{"));
}
