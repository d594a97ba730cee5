#include "clients/cli/group_arguments.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::cli;

namespace {

template <class Work>
std::string refusal(Work work) {
    try {
        work();
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        return error.what();
    }
    return "accepted";
}

/// "seed: override override"
std::vector<std::string> told(const std::vector<v1::GroupMember>& members) {
    std::vector<std::string> out;
    for (const v1::GroupMember& member : members) {
        std::string text = member.has_seed() ? std::to_string(member.seed()) + ":" : "file's:";
        for (const std::string& override_text : member.overrides()) {
            text += " " + override_text;
        }
        out.push_back(text);
    }
    return out;
}

using Seeds = std::vector<std::uint64_t>;
using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("a number is a run, a number after g a group, anything else neither") {
    REQUIRE(parse_target("12").number == 12);
    REQUIRE_FALSE(parse_target("12").is_group);
    REQUIRE(parse_target("g3").number == 3);
    REQUIRE(parse_target("g3").is_group);
    for (const char* text : {"", "g", "x3", "3g", "-1", "0", "g0", "1.5", "gg3", " 3"}) {
        INFO(text);
        REQUIRE(refusal([&] {
                    static_cast<void>(parse_target(text));
                }).find("is neither a run nor a group") != std::string::npos);
    }
}

TEST_CASE("seeds are ranges with both ends, lists, or both") {
    REQUIRE(parse_seeds("0..3") == Seeds{0, 1, 2, 3});
    REQUIRE(parse_seeds("5") == Seeds{5});
    REQUIRE(parse_seeds("0,3,7") == Seeds{0, 3, 7});
    REQUIRE(parse_seeds("0..2, 9") == Seeds{0, 1, 2, 9});
    REQUIRE(parse_seeds("4..4") == Seeds{4});
    REQUIRE(parse_seeds("0..999").size() == 1000);
    REQUIRE(parse_seeds("18446744073709551614..18446744073709551615").size() == 2);
}

TEST_CASE("seeds that cannot be meant are refused with what is valid") {
    for (const char* text : {"", "a", "3..1", "1..", "..3", "1...3", "-1..3", "1,,2", "1,1",
                             "0..5,3", "0..1000", "0..18446744073709551615", "1.5"}) {
        INFO(text);
        REQUIRE(refusal([&] {
                    static_cast<void>(parse_seeds(text));
                }).find("--seeds: '" + std::string(text) + "'") == 0);
    }
}

TEST_CASE("a sweep is a key with values, which may hold commas of their own") {
    const Sweep sweep = parse_sweep("training.learning_rate=1e-3, 5e-3");
    REQUIRE(sweep.path == "training.learning_rate");
    REQUIRE(sweep.values == Texts{"1e-3", "5e-3"});
    REQUIRE(parse_sweep("data.ignore=[\"a\",\"b\"],[]").values == Texts{"[\"a\",\"b\"]", "[]"});
    REQUIRE(parse_sweep("name=\"x,y\",z").values == Texts{"\"x,y\"", "z"});
    REQUIRE(parse_sweep("a={b=1,c=2},{b=2}").values == Texts{"{b=1,c=2}", "{b=2}"});
    for (const char* text : {"", "training.epochs", "=1,2", "a=", "a=1,,2", "a=1,1"}) {
        INFO(text);
        REQUIRE(refusal([&] { static_cast<void>(parse_sweep(text)); }).find("--sweep: '") == 0);
    }
    REQUIRE(refusal([] { static_cast<void>(parse_sweep("seed=1,2")); }).find("--seeds 0..9") !=
            std::string::npos);
}

TEST_CASE("members are every combination, seed after seed") {
    REQUIRE(told(members_of({3, 4}, {})) == Texts{"3:", "4:"});
    REQUIRE(told(members_of({}, {{"a", {"1", "2"}}})) == Texts{"file's: a=1", "file's: a=2"});
    REQUIRE(told(members_of({0, 1}, {{"a", {"1", "2"}}, {"b", {"x", "y"}}})) ==
            Texts{"0: a=1 b=x", "0: a=1 b=y", "0: a=2 b=x", "0: a=2 b=y", "1: a=1 b=x",
                  "1: a=1 b=y", "1: a=2 b=x", "1: a=2 b=y"});
    REQUIRE(refusal([] {
                static_cast<void>(members_of({}, {{"a", {"1"}}, {"a", {"2"}}}));
            }).find("a is swept twice") != std::string::npos);
    const std::vector<std::string> many(40, "1");
    REQUIRE(refusal([&] {
                static_cast<void>(members_of({}, {{"a", many}, {"b", many}}));
            }).find("more than 1000 members") != std::string::npos);
}
