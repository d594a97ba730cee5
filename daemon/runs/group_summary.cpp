#include "daemon/runs/group_summary.hpp"

#include "daemon/runs/run_state.hpp"
#include "daemon/training/data/augment.hpp"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace phyll::runs {
namespace {

using google::protobuf::util::MessageDifferencer;

/// Members that differ in their seeds alone.
struct Variant {
    std::vector<std::string> overrides;
    std::vector<const RunRecord*> members;

    [[nodiscard]] const v1::DataSpec& data() const { return members.front()->spec.data(); }
    [[nodiscard]] Sampling sampling() const {
        switch (members.front()->info.test_data()) {
        case v1::DRAWN_ANEW:
            return Sampling::fresh_data;
        case v1::RANDOM_SPLIT:
            return Sampling::resampled_splits;
        default:
            return Sampling::fixed_test_set;
        }
    }
};

std::vector<Variant> variants_of(const GroupRecord& group) {
    std::vector<Variant> variants;
    for (const RunRecord& member : group.members) {
        const std::vector<std::string> overrides(member.info.overrides().begin(),
                                                 member.info.overrides().end());
        auto found = std::ranges::find(variants, overrides, &Variant::overrides);
        if (found == variants.end()) {
            found = variants.insert(found, Variant{overrides, {}});
        }
        found->members.push_back(&member);
    }
    return variants;
}

/// Accuracies by seed, of members that have one.
struct Accuracies {
    std::map<std::uint64_t, double> by_seed;
    Samples samples;
};

template <class Accuracy>
Accuracies collect(const std::vector<const RunRecord*>& members, Accuracy accuracy_of) {
    Accuracies out;
    for (const RunRecord* member : members) {
        if (!member->info.has_result()) {
            continue;
        }
        const v1::RunResult& result = member->info.result();
        if (const std::optional<double> accuracy = accuracy_of(result)) {
            out.by_seed[member->info.seed()] = *accuracy;
            // Copies of a training sample are no samples more.
            const auto originals = result.train_samples() / training::shown_as(member->spec.data());
            out.samples = {static_cast<double>(originals),
                           static_cast<double>(result.test_samples())};
        }
    }
    return out;
}

Accuracies headline(const std::vector<const RunRecord*>& members) {
    return collect(
        members, [](const v1::RunResult& result) { return std::optional(result.test_accuracy()); });
}

v1::IntervalRule rule_of(Sampling sampling) {
    switch (sampling) {
    case Sampling::resampled_splits:
        return v1::RESAMPLED_T;
    case Sampling::fresh_data:
        return v1::PLAIN_T;
    case Sampling::fixed_test_set:
        return v1::T_AND_TEST_SET;
    }
    return v1::INTERVAL_RULE_UNSPECIFIED;
}

v1::Estimate to_wire(const MeanEstimate& estimate, Sampling sampling) {
    v1::Estimate out;
    out.set_n(static_cast<std::uint32_t>(estimate.n));
    out.set_mean(estimate.mean);
    if (estimate.deviation) {
        out.set_deviation(*estimate.deviation);
    }
    if (estimate.half_width) {
        out.set_half_width(*estimate.half_width);
        out.set_rule(rule_of(sampling));
    }
    return out;
}

v1::Estimate estimate_of(const Accuracies& accuracies, Sampling sampling) {
    std::vector<double> values;
    values.reserve(accuracies.by_seed.size());
    for (const auto& [seed, value] : accuracies.by_seed) {
        values.push_back(value);
    }
    return to_wire(estimate(values, sampling, accuracies.samples), sampling);
}

/// Of a minus b, over the seeds that both have.
v1::Estimate difference_of(const Accuracies& a, const Accuracies& b, Sampling sampling) {
    std::vector<double> of_a;
    std::vector<double> of_b;
    for (const auto& [seed, value] : a.by_seed) {
        if (const auto other = b.by_seed.find(seed); other != b.by_seed.end()) {
            of_a.push_back(value);
            of_b.push_back(other->second);
        }
    }
    return to_wire(estimate_difference(of_a, of_b, sampling, a.samples), sampling);
}

std::uint64_t queries_of(const v1::RunInfo& info) {
    if (info.replay_of() != 0) {
        return 0; // a journal answered
    }
    std::uint64_t queries = info.result().training_queries() + info.result().evaluation_queries();
    for (const v1::Control& control : info.result().controls()) {
        queries += control.training_queries() + control.evaluation_queries();
    }
    return queries;
}

void add_controls(const Variant& variant, v1::GroupVariant& out) {
    std::vector<std::string> kinds; // in the order in which results have them
    std::map<std::string, std::string> reasons;
    for (const RunRecord* member : variant.members) {
        for (const v1::Control& control : member->info.result().controls()) {
            if (reasons.emplace(control.kind(), control.reason()).second) {
                kinds.push_back(control.kind());
            }
        }
    }
    const Sampling sampling = variant.sampling();
    const Accuracies ours = headline(variant.members);
    for (const std::string& kind : kinds) {
        const Accuracies theirs =
            collect(variant.members, [&](const v1::RunResult& result) -> std::optional<double> {
                for (const v1::Control& control : result.controls()) {
                    if (control.kind() == kind && control.has_test_accuracy()) {
                        return control.test_accuracy();
                    }
                }
                return std::nullopt;
            });
        v1::ControlEstimate& control = *out.add_controls();
        control.set_kind(kind);
        *control.mutable_test_accuracy() = estimate_of(theirs, sampling);
        *control.mutable_difference() = difference_of(ours, theirs, sampling);
        if (theirs.by_seed.empty()) {
            control.set_reason(reasons[kind]);
        }
    }
}

v1::GroupVariant describe(const Variant& variant) {
    v1::GroupVariant out;
    out.mutable_overrides()->Assign(variant.overrides.begin(), variant.overrides.end());
    for (const RunRecord* member : variant.members) {
        out.add_runs(member->info.run());
        out.set_queries(out.queries() + queries_of(member->info));
    }
    const Sampling sampling = variant.sampling();
    *out.mutable_test_accuracy() = estimate_of(headline(variant.members), sampling);
    // The training split is no sample of what was learned from it: a spread, no interval.
    v1::Estimate& train = *out.mutable_train_accuracy();
    train = estimate_of(
        collect(variant.members,
                [](const v1::RunResult& result) { return std::optional(result.train_accuracy()); }),
        sampling);
    train.clear_half_width();
    train.clear_rule();
    add_controls(variant, out);
    return out;
}

void compare(const std::vector<Variant>& variants, v1::GroupReply& reply) {
    for (std::size_t a = 0; a < variants.size(); ++a) {
        for (std::size_t b = a + 1; b < variants.size(); ++b) {
            v1::GroupComparison& comparison = *reply.add_comparisons();
            comparison.set_a(static_cast<std::uint32_t>(a));
            comparison.set_b(static_cast<std::uint32_t>(b));
            if (!MessageDifferencer::Equals(variants[a].data(), variants[b].data())) {
                comparison.set_reason("their data differ, so nothing pairs them");
                continue;
            }
            *comparison.mutable_difference() =
                difference_of(headline(variants[a].members), headline(variants[b].members),
                              variants[a].sampling());
            if (comparison.difference().n() == 0) {
                comparison.set_reason("no seed has succeeded in both");
            }
        }
    }
}

/// The first of these states in which a member is.
v1::RunState state_of(const GroupRecord& group) {
    for (const v1::RunState state :
         {v1::RUNNING, v1::HELD, v1::PAUSED, v1::QUEUED, v1::FAILED, v1::RUN_CANCELLED}) {
        if (std::ranges::any_of(group.members, [&](const RunRecord& member) {
                return member.info.state() == state;
            })) {
            return state;
        }
    }
    return v1::SUCCEEDED;
}

void add_member(const v1::RunInfo& member, v1::GroupInfo& info) {
    switch (member.state()) {
    case v1::RUNNING:
        info.set_running(info.running() + 1);
        break;
    case v1::SUCCEEDED:
        info.set_succeeded(info.succeeded() + 1);
        break;
    case v1::FAILED:
        info.set_failed(info.failed() + 1);
        break;
    case v1::RUN_CANCELLED:
        info.set_cancelled(info.cancelled() + 1);
        break;
    default:
        info.set_waiting(info.waiting() + 1);
    }
    info.set_finished(std::max(info.finished(), member.finished()));
    info.set_queries(info.queries() + queries_of(member));
    if (member.state() == info.state() && info.reason().empty() && !member.reason().empty()) {
        info.set_reason(fmt::format("run {}: {}", member.run(), member.reason()));
    }
}

} // namespace

v1::TestData test_data_of(const v1::DataSpec& data, const training::Split& split) {
    const std::string& kind = data.kind();
    if (kind == "vowels" || kind == "digits" || kind == "xor") {
        return v1::DRAWN_ANEW;
    }
    if (kind == "csv") {
        return v1::RANDOM_SPLIT;
    }
    if (!data.test_file().empty() || !data.x_test().empty()) {
        return v1::FIXED_TEST_SET;
    }
    std::vector<std::uint32_t> originals;
    for (std::size_t place = 0; place < split.training.size(); place += split.shown_as) {
        originals.push_back(split.training[place]);
    }
    const bool in_order = !originals.empty() && !split.test.empty() &&
                          std::ranges::max(originals) < std::ranges::min(split.test);
    return in_order ? v1::FIXED_TEST_SET : v1::RANDOM_SPLIT;
}

v1::GroupInfo overview(const GroupRecord& group) {
    v1::GroupInfo info = group.info;
    info.set_state(state_of(group));
    info.set_members(static_cast<std::uint32_t>(group.members.size()));
    std::set<std::string> rigs;
    std::vector<const RunRecord*> members;
    for (const RunRecord& member : group.members) {
        add_member(member.info, info);
        rigs.insert(member.info.rigs().begin(), member.info.rigs().end());
        members.push_back(&member);
    }
    info.mutable_rigs()->Assign(rigs.begin(), rigs.end());
    if (!is_final(info.state())) {
        info.clear_finished();
    }
    const std::vector<Variant> variants = variants_of(group);
    if (variants.size() == 1) {
        *info.mutable_test_accuracy() = estimate_of(headline(members), variants.front().sampling());
        return info;
    }
    // Members of several variants are no repetitions of one thing: a spread, no interval.
    std::vector<double> values;
    for (const RunRecord* member : members) {
        if (member->info.has_result()) {
            values.push_back(member->info.result().test_accuracy());
        }
    }
    v1::Estimate& accuracy = *info.mutable_test_accuracy();
    accuracy = to_wire(estimate(values, Sampling::fresh_data, {}), Sampling::fresh_data);
    accuracy.clear_half_width();
    accuracy.clear_rule();
    return info;
}

v1::GroupReply summary(const GroupRecord& group) {
    v1::GroupReply reply;
    *reply.mutable_info() = overview(group);
    const std::vector<Variant> variants = variants_of(group);
    for (const Variant& variant : variants) {
        *reply.add_variants() = describe(variant);
    }
    compare(variants, reply);
    for (const RunRecord& member : group.members) {
        v1::RunInfo& info = *reply.add_members();
        info = member.info;
        shorten_for_list(info);
    }
    return reply;
}

} // namespace phyll::runs
