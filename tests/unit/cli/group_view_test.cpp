#include "clients/cli/group_view.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <sstream>

using namespace phyll;
using namespace phyll::cli;
using phyll::test::contains;

namespace {

v1::GroupReply group_of_two() {
    v1::GroupReply group;
    group.mutable_info()->set_group(3);
    group.mutable_info()->set_state(v1::RUNNING);
    group.mutable_info()->set_members(2);
    for (const std::uint64_t run : {7U, 8U}) {
        v1::RunInfo& member = *group.add_members();
        member.set_run(run);
        member.set_seed(run - 7);
    }
    v1::GroupVariant& variant = *group.add_variants();
    variant.mutable_test_accuracy()->set_n(1);
    variant.mutable_test_accuracy()->set_mean(0.9);
    return group;
}

v1::GroupWatchItem progress(std::uint64_t run, double fraction) {
    v1::GroupWatchItem item;
    item.set_run(run);
    item.mutable_progress()->set_stage("training layer 1");
    item.mutable_progress()->set_epoch(5);
    item.mutable_progress()->set_epochs(10);
    item.mutable_progress()->set_fraction(fraction);
    return item;
}

v1::GroupWatchItem state(std::uint64_t run, v1::RunState state, const std::string& reason = "") {
    v1::GroupWatchItem item;
    item.set_run(run);
    item.mutable_event()->mutable_state()->set_state(state);
    item.mutable_event()->mutable_state()->set_reason(reason);
    return item;
}

/// What came since it was last asked.
std::string take(std::ostringstream& out) {
    std::string text = out.str();
    out.str("");
    return text;
}

} // namespace

TEST_CASE("one bar shows how far all members are, the members done and the one under way") {
    std::ostringstream out;
    GroupView view(RunView::Style::bar, out, group_of_two());
    view.show(progress(7, 0.5));
    REQUIRE(contains(out.str(), "[######..................] 0 of 2 done"));
    REQUIRE(contains(take(out), "run 7: training layer 1, epoch 5/10"));
    view.show(progress(7, 0.1)); // it begins with a control
    REQUIRE(contains(take(out), "[######..................] 0 of 2 done"));
    v1::GroupWatchItem result;
    result.set_run(7);
    result.mutable_event()->mutable_result()->set_test_accuracy(0.981);
    view.show(result);
    view.show(state(7, v1::SUCCEEDED));
    REQUIRE(contains(out.str(), "run 7 (seed 0) succeeded, test 98.1 %\n"));
    REQUIRE(contains(take(out), "[############............] 1 of 2 done"));
    view.show(state(8, v1::FAILED, "cable is out"));
    REQUIRE(contains(out.str(), "run 8 (seed 1) failed: cable is out\n"));
    REQUIRE(contains(take(out), "2 of 2 done, 1 not well"));
}

TEST_CASE("without a terminal there is a line for each member that ends, and no bar") {
    std::ostringstream out;
    GroupView view(RunView::Style::lines, out, group_of_two());
    view.show(progress(7, 0.5));
    view.show(state(7, v1::RUNNING));
    REQUIRE(take(out).empty());
    view.show(state(7, v1::SUCCEEDED));
    REQUIRE(take(out) == "run 7 (seed 0) succeeded\n");
}

TEST_CASE("as JSON each line names group and member, the last one the figures") {
    std::ostringstream out;
    GroupView view(RunView::Style::json, out, group_of_two());
    view.show(state(8, v1::FAILED, "cable is out"));
    const auto event = nlohmann::json::parse(take(out));
    REQUIRE(event["event"] == "state");
    REQUIRE(event["group"] == 3);
    REQUIRE(event["run"] == 8);
    view.show(progress(7, 0.5));
    REQUIRE(nlohmann::json::parse(take(out))["fraction"] == 0.5);
    view.finish(group_of_two());
    const auto last = nlohmann::json::parse(take(out));
    REQUIRE(last["event"] == "finished");
    REQUIRE(last["runs"] == nlohmann::json({7, 8}));
    REQUIRE(last["variants"][0]["test_accuracy"] == nlohmann::json({{"n", 1}, {"mean", 0.9}}));
}

TEST_CASE("people are told which rule the interval follows, or that there is none") {
    v1::GroupReply group = group_of_two();
    std::ostringstream out;
    print_group(out, group);
    REQUIRE(contains(take(out), "95 % interval: none: a single member"));
    v1::Estimate& test = *group.mutable_variants(0)->mutable_test_accuracy();
    test.set_n(2);
    test.set_deviation(0.017);
    test.set_half_width(0.023);
    test.set_rule(v1::RESAMPLED_T);
    v1::ControlEstimate& control = *group.mutable_variants(0)->add_controls();
    control.set_kind("without_physics");
    *control.mutable_test_accuracy() = test;
    *control.mutable_difference() = test;
    control.mutable_difference()->set_mean(-0.0001);
    print_group(out, group);
    const std::string text = take(out);
    REQUIRE(contains(text, "90.0 %  1.7 %  +- 2.3 %"));
    REQUIRE(contains(text, "corrected resampled t (Nadeau and Bengio 2003)"));
    REQUIRE(contains(text, "+0.0 %")); // not -0.0
}
