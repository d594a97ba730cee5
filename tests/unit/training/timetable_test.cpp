#include "daemon/training/schemes/local/timetable.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace phyll::training;

namespace {

constexpr Timetable::Parts parts{.batches = 2,
                                 .training_chunks = 2,
                                 .judged_chunks = 2,
                                 .test_chunks = 1,
                                 .validation_chunks = 1};

/// The order of steps, one word each: what, the layer, then epoch.part; "!" marks a last part,
/// "|" stands before steps that cannot be planned ahead.
std::string describe(const Timetable& timetable) {
    std::string text;
    for (std::uint64_t step = 0; step < timetable.steps(); ++step) {
        const Task task = timetable.at(step);
        const bool waits = step > 0 && !timetable.next_is_independent(step - 1);
        text += waits ? " |" : " ";
        switch (task.phase) {
        case Phase::fit:
            text += "fit";
            break;
        case Phase::train:
            text += "train";
            break;
        case Phase::validate:
            text += task.at_start ? "first" : "check";
            break;
        case Phase::propagate:
            text += "pass";
            break;
        case Phase::evaluate:
            text += task.on_test ? "test" : "judge";
            break;
        }
        text += std::to_string(task.layer) + ":" + std::to_string(task.epoch) + "." +
                std::to_string(task.part) + (task.last_part ? "!" : "");
    }
    return text;
}

} // namespace

TEST_CASE("greedy trains layer by layer") {
    CHECK(describe(Timetable(Schedule::greedy, 2, 2, parts)) ==
          " fit0:0.0! train0:0.0 train0:0.1! train0:1.0 train0:1.1! pass0:0.0 pass0:0.1!"
          " |fit1:0.0! train1:0.0 train1:0.1! train1:1.0 train1:1.1!"
          " judge0:0.0 |judge1:0.0 judge0:0.1! |judge1:0.1! test0:0.0! |test1:0.0!");
}

TEST_CASE("simultaneous trains every layer on every batch") {
    CHECK(describe(Timetable(Schedule::simultaneous, 2, 2, parts)) ==
          " fit0:0.0! |fit1:0.0!"
          " train0:0.0 train0:0.1! train1:0.0 train1:0.1!"
          " train0:1.0 train0:1.1! train1:1.0 train1:1.1!"
          " judge0:0.0 |judge1:0.0 judge0:0.1! |judge1:0.1! test0:0.0! |test1:0.0!");
}

TEST_CASE("a single layer can always be planned ahead") {
    for (const Schedule schedule : {Schedule::greedy, Schedule::simultaneous}) {
        const Timetable timetable(schedule, 1, 3, parts);
        CHECK(timetable.steps() == 1 + 3 * 2 + 3);
        for (std::uint64_t step = 0; step + 1 < timetable.steps(); ++step) {
            CHECK(timetable.next_is_independent(step));
        }
        CHECK_FALSE(timetable.next_is_independent(timetable.steps() - 1));
    }
}

TEST_CASE("of three layers none waits for the step before it, wherever there is another batch") {
    const Timetable::Parts more{.batches = 4, .judged_chunks = 1, .test_chunks = 1};
    CHECK(describe(Timetable(Schedule::simultaneous, 3, 1, more)) ==
          " fit0:0.0! |fit1:0.0! |fit2:0.0!"
          " train0:0.0 train0:0.1 train1:0.0 train0:0.2 train1:0.1 train2:0.0"
          " train0:0.3! train1:0.2 train2:0.1 train1:0.3! train2:0.2 train2:0.3!"
          " judge0:0.0! |judge1:0.0! |judge2:0.0! test0:0.0! |test1:0.0! |test2:0.0!");
    const Timetable::Parts one{.batches = 1, .judged_chunks = 0, .test_chunks = 1};
    CHECK(describe(Timetable(Schedule::simultaneous, 3, 1, one)) ==
          " fit0:0.0! |fit1:0.0! |fit2:0.0!"
          " train0:0.0! |train1:0.0! |train2:0.0! test0:0.0! |test1:0.0! |test2:0.0!");
}

TEST_CASE("every layer takes every batch once, after the layer before") {
    for (const std::size_t layers : {1U, 2U, 3U, 5U}) {
        for (const std::size_t batches : {1U, 2U, 4U, 9U}) {
            const Timetable timetable(Schedule::simultaneous, layers, 2, {.batches = batches});
            std::vector<std::size_t> taken(layers);
            for (std::uint64_t step = layers; step < timetable.steps(); ++step) {
                const Task task = timetable.at(step);
                REQUIRE(task.epoch * batches + task.part == taken[task.layer]);
                ++taken[task.layer];
                REQUIRE((task.layer == 0 || taken[task.layer - 1] >= taken[task.layer]));
            }
            CHECK(taken == std::vector<std::size_t>(layers, 2 * batches));
        }
    }
}

TEST_CASE("the validation split goes through the layers so far") {
    CHECK(describe(Timetable(Schedule::greedy, 2, 2, parts, {.every = 2, .before = {2}})) ==
          " fit0:0.0! train0:0.0 train0:0.1! train0:1.0 train0:1.1! check0:1.0!"
          " pass0:0.0 pass0:0.1!"
          " |fit1:0.0! first0:0.0! |first1:0.0! train1:0.0 train1:0.1! train1:1.0 train1:1.1!"
          " check0:1.0! |check1:1.0!"
          " judge0:0.0 |judge1:0.0 judge0:0.1! |judge1:0.1! test0:0.0! |test1:0.0!");
    // What follows a judgement that may end the training is not known before.
    CHECK(describe(Timetable(Schedule::simultaneous, 1, 2, parts, {.every = 1, .patience = 1})) ==
          " fit0:0.0! train0:0.0 train0:0.1! check0:0.0! |train0:1.0 train0:1.1! check0:1.0!"
          " |judge0:0.0 judge0:0.1! test0:0.0!");
}
