#include "daemon/training/schemes/local/timetable.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace phyll::training;

namespace {

constexpr Timetable::Parts parts{.batches = 2, .training_chunks = 2, .test_chunks = 1};

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
          " train0:0.0 |train1:0.0 train0:0.1! |train1:0.1!"
          " train0:1.0 |train1:1.0 train0:1.1! |train1:1.1!"
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
