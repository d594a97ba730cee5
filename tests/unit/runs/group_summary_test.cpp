#include "daemon/runs/group_summary.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::runs;

namespace {

RunRecord member(std::uint64_t run, std::uint64_t seed, const std::string& override_text,
                 v1::RunState state = v1::QUEUED) {
    RunRecord record;
    record.info.set_run(run);
    record.info.set_seed(seed);
    record.info.set_state(state);
    record.info.add_rigs("cavity");
    if (!override_text.empty()) {
        record.info.add_overrides(override_text);
    }
    record.info.set_test_data(v1::RANDOM_SPLIT);
    return record;
}

RunRecord succeeded(std::uint64_t run, std::uint64_t seed, const std::string& override_text,
                    double accuracy) {
    RunRecord record = member(run, seed, override_text, v1::SUCCEEDED);
    record.info.set_finished(100 + static_cast<double>(run));
    v1::RunResult& result = *record.info.mutable_result();
    result.set_test_accuracy(accuracy);
    result.set_train_accuracy(1.0);
    result.set_train_samples(206);
    result.set_test_samples(52);
    result.set_training_queries(10);
    result.set_evaluation_queries(5);
    return record;
}

void add_control(RunRecord& record, const std::string& kind, std::optional<double> accuracy) {
    v1::Control& control = *record.info.mutable_result()->add_controls();
    control.set_kind(kind);
    if (accuracy) {
        control.set_test_accuracy(*accuracy);
        control.set_training_queries(1);
    } else {
        control.set_reason("not asked for");
    }
}

GroupRecord group_of(std::vector<RunRecord> members) {
    GroupRecord group;
    group.info.set_group(3);
    group.members = std::move(members);
    return group;
}

} // namespace

TEST_CASE("a group's state is that of the member that says most about it") {
    const auto state_of = [](const std::vector<v1::RunState>& states) {
        std::vector<RunRecord> members;
        for (std::size_t i = 0; i < states.size(); ++i) {
            members.push_back(member(i + 1, i, "", states[i]));
        }
        return overview(group_of(members)).state();
    };
    REQUIRE(state_of({v1::SUCCEEDED, v1::FAILED, v1::QUEUED, v1::RUNNING}) == v1::RUNNING);
    REQUIRE(state_of({v1::SUCCEEDED, v1::FAILED, v1::QUEUED}) == v1::QUEUED);
    REQUIRE(state_of({v1::QUEUED, v1::HELD}) == v1::HELD);
    REQUIRE(state_of({v1::SUCCEEDED, v1::RUN_CANCELLED, v1::FAILED}) == v1::FAILED);
    REQUIRE(state_of({v1::SUCCEEDED, v1::RUN_CANCELLED}) == v1::RUN_CANCELLED);
    REQUIRE(state_of({v1::SUCCEEDED, v1::SUCCEEDED}) == v1::SUCCEEDED);
}

TEST_CASE("members are counted by state, their queries added, the last end is the group's") {
    GroupRecord group = group_of({succeeded(1, 0, "", 0.9), succeeded(2, 1, "", 0.7),
                                  member(3, 2, "", v1::FAILED), member(4, 3, "", v1::QUEUED)});
    group.members[2].info.set_reason("cable is out");
    add_control(group.members[0], "physics_only", 0.5);
    const v1::GroupInfo info = overview(group);
    REQUIRE(info.members() == 4);
    REQUIRE(info.succeeded() == 2);
    REQUIRE(info.failed() == 1);
    REQUIRE(info.waiting() == 1);
    REQUIRE(info.queries() == 31);
    REQUIRE(info.finished() == 0); // one waits
    REQUIRE(info.rigs_size() == 1);
    REQUIRE(info.test_accuracy().n() == 2);
    REQUIRE(info.test_accuracy().mean() == Approx(0.8));
    group.members.pop_back();
    REQUIRE(overview(group).finished() == 102);
    REQUIRE(overview(group).reason() == "run 3: cable is out");
    group.members[1].info.set_replay_of(7); // a journal answered
    REQUIRE(overview(group).queries() == 16);
}

TEST_CASE("one variant has an interval, a mixture of variants only a spread") {
    GroupRecord group = group_of({succeeded(1, 0, "", 0.9), succeeded(2, 1, "", 0.8)});
    const v1::Estimate one = overview(group).test_accuracy();
    REQUIRE(one.has_half_width());
    REQUIRE(one.rule() == v1::RESAMPLED_T);
    // t(0.975, 1) times 0.0707 sqrt(1/2 + 52/206)
    REQUIRE(one.half_width() == Approx(12.706205 * 0.07071068 * std::sqrt(0.5 + 52.0 / 206)));
    // Copies of training images are no samples more: the splits overlap as they did.
    GroupRecord augmented = group;
    for (RunRecord& record : augmented.members) {
        record.spec.mutable_data()->mutable_augment()->set_shift(1);
        record.info.mutable_result()->set_train_samples(5 * 206);
    }
    REQUIRE(overview(augmented).test_accuracy().half_width() == Approx(one.half_width()));
    group.members[1].info.add_overrides("training.epochs=7");
    const v1::Estimate mixed = overview(group).test_accuracy();
    REQUIRE(mixed.n() == 2);
    REQUIRE(mixed.has_deviation());
    REQUIRE_FALSE(mixed.has_half_width());
    REQUIRE(mixed.rule() == v1::INTERVAL_RULE_UNSPECIFIED);
}

TEST_CASE("the rule of the interval follows from what a seed changes about the data") {
    const auto rule_for = [](v1::TestData test_data) {
        GroupRecord group = group_of({succeeded(1, 0, "", 0.9), succeeded(2, 1, "", 0.8)});
        for (RunRecord& record : group.members) {
            record.info.set_test_data(test_data);
        }
        return overview(group).test_accuracy().rule();
    };
    REQUIRE(rule_for(v1::DRAWN_ANEW) == v1::PLAIN_T);
    REQUIRE(rule_for(v1::RANDOM_SPLIT) == v1::RESAMPLED_T);
    REQUIRE(rule_for(v1::FIXED_TEST_SET) == v1::T_AND_TEST_SET);
}

TEST_CASE("built-in data are drawn anew, files are split anew unless they bring a test set") {
    const training::Split drawn{{0, 3, 4}, {1, 2}};
    const training::Split in_order{{2, 0, 1}, {3, 4}};
    const auto of = [](const std::string& kind, const training::Split& split) {
        v1::DataSpec data;
        data.set_kind(kind);
        return test_data_of(data, split);
    };
    for (const char* kind : {"vowels", "digits", "xor"}) {
        REQUIRE(of(kind, in_order) == v1::DRAWN_ANEW);
    }
    REQUIRE(of("csv", drawn) == v1::RANDOM_SPLIT);
    REQUIRE(of("numpy", drawn) == v1::RANDOM_SPLIT);
    REQUIRE(of("numpy", in_order) == v1::FIXED_TEST_SET); // x_test by its usual name
    // Copies are numbered behind the test samples.
    const training::Split augmented{.training = {1, 4, 5, 0, 6, 7}, .test = {2, 3}, .shown_as = 3};
    REQUIRE(of("numpy", augmented) == v1::FIXED_TEST_SET);
    v1::DataSpec data;
    data.set_kind("idx");
    REQUIRE(test_data_of(data, drawn) == v1::RANDOM_SPLIT);
    data.set_test_file("t10k-images");
    REQUIRE(test_data_of(data, in_order) == v1::FIXED_TEST_SET);
}

TEST_CASE("controls stand beside each variant, with differences paired by seed") {
    std::vector<RunRecord> members{succeeded(1, 0, "", 0.90), succeeded(2, 1, "", 0.80),
                                   succeeded(3, 2, "", 0.70), member(4, 3, "", v1::FAILED)};
    add_control(members[0], "without_physics", 0.85);
    add_control(members[1], "without_physics", 0.80);
    add_control(members[2], "without_physics", std::nullopt); // failed there
    for (int i = 0; i < 3; ++i) {
        add_control(members[static_cast<std::size_t>(i)], "physics_only", std::nullopt);
    }
    const v1::GroupReply reply = summary(group_of(members));
    REQUIRE(reply.variants_size() == 1);
    const v1::GroupVariant& variant = reply.variants(0);
    REQUIRE(variant.runs_size() == 4);
    REQUIRE(variant.test_accuracy().n() == 3);
    REQUIRE_FALSE(variant.train_accuracy().has_half_width());
    REQUIRE(variant.controls_size() == 2);
    const v1::ControlEstimate& control = variant.controls(0);
    REQUIRE(control.kind() == "without_physics");
    REQUIRE(control.test_accuracy().n() == 2);
    REQUIRE(control.test_accuracy().mean() == Approx(0.825));
    REQUIRE(control.difference().n() == 2);
    REQUIRE(control.difference().mean() == Approx(0.025));
    REQUIRE(control.difference().has_half_width());
    REQUIRE(control.reason().empty());
    REQUIRE(variant.controls(1).test_accuracy().n() == 0);
    REQUIRE(variant.controls(1).reason() == "not asked for");
}

TEST_CASE("variants are compared seed by seed, over those that both have") {
    std::vector<RunRecord> members{succeeded(1, 0, "a=1", 0.90), succeeded(2, 0, "a=2", 0.80),
                                   succeeded(3, 1, "a=1", 0.90), succeeded(4, 1, "a=2", 0.84),
                                   succeeded(5, 2, "a=1", 0.10), member(6, 2, "a=2", v1::FAILED)};
    v1::GroupReply reply = summary(group_of(members));
    REQUIRE(reply.variants_size() == 2);
    REQUIRE(reply.variants(1).overrides(0) == "a=2");
    REQUIRE(reply.comparisons_size() == 1);
    REQUIRE(reply.comparisons(0).a() == 0);
    REQUIRE(reply.comparisons(0).b() == 1);
    REQUIRE(reply.comparisons(0).difference().n() == 2);
    REQUIRE(reply.comparisons(0).difference().mean() == Approx(0.08));
    SECTION("other data, no pairs") {
        for (RunRecord& record : members) {
            if (record.info.overrides(0) == "a=2") {
                record.spec.mutable_data()->set_test_fraction(0.5);
            }
        }
        reply = summary(group_of(members));
        REQUIRE_FALSE(reply.comparisons(0).has_difference());
        REQUIRE_FALSE(reply.comparisons(0).reason().empty());
    }
    SECTION("no common seed") {
        members[1].info.set_seed(10);
        members[3].info.set_seed(11);
        reply = summary(group_of(members));
        REQUIRE(reply.comparisons(0).difference().n() == 0);
        REQUIRE(reply.comparisons(0).reason() == "no seed has succeeded in both");
    }
}
