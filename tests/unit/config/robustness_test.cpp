#include "daemon/config/load.hpp"
#include "tests/unit/config/toy_kinds.hpp"

#include <phyll/v1/runs.pb.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

using namespace phyll;

namespace {

using Random = std::mt19937; // the same numbers everywhere, so that a failure can be repeated

constexpr std::string_view good = R"(name = "vowels"
seed = 7
data = { kind = "csv", file = "x.csv", label = "y", ignore = ["a", "b"] }
[scheme.options]
epochs = 3
[training]
learning_rate = 2e-3
[[layers]]
rig = "cavity"
width = 0x1f
encoding.kind = "tanh"
[[layers]]
rig = "cavity"
skip = true
[[rigs]]
name = "cavity"
start_age = 1_000
)";

std::size_t below(std::size_t end, Random& random) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
}

std::string noise(std::size_t length, Random& random) {
    std::string text(length, '\0');
    for (char& c : text) {
        c = static_cast<char>(below(256, random));
    }
    return text;
}

/// A few bytes of the good file replaced, removed, repeated; often by what means something in TOML.
std::string mutated(Random& random) {
    static constexpr std::string_view telling = "[]{}=.,\"'#\n\\ 0-_e:\xff";
    static constexpr std::array<std::string_view, 10> pieces{
        "\"\"\"", "'''", "\\u00e4", "ä", "→", "一", "inf", "-1", "[[", "1979-05-27T07:32:00"};
    std::string text(good);
    for (std::size_t i = below(6, random) + 1; i > 0; --i) {
        const std::size_t at = below(text.size(), random);
        switch (below(4, random)) {
        case 0:
            text[at] = telling[below(telling.size(), random)];
            break;
        case 1:
            text.erase(at, below(20, random) + 1);
            break;
        case 2:
            text.insert(at, pieces[below(pieces.size(), random)]);
            break;
        default:
            text.insert(at, text.substr(below(text.size(), random), below(40, random)));
        }
    }
    return text;
}

/// Whether a text can travel in a protobuf string.
bool is_sendable(const std::string& text) {
    v1::RunInfo info;
    info.set_reason(text);
    return v1::RunInfo{}.ParseFromString(info.SerializeAsString());
}

/// Loads a run file; either it is fine or the error can be sent to whoever wrote it.
bool loads(const std::string& text, const std::vector<std::string>& overrides = {}) {
    const Outcome outcome = outcome_of(
        [&] { static_cast<void>(config::load_run_spec(text, "run.toml", overrides, ToyKinds{})); });
    REQUIRE(is_sendable(outcome.message));
    REQUIRE(outcome.message.empty() == outcome.violations.empty());
    return outcome.message.empty();
}

std::string repeated(std::string_view text, int count) {
    std::string result;
    for (int i = 0; i < count; ++i) {
        result += text;
    }
    return result;
}

} // namespace

TEST_CASE("random bytes are refused or read, nothing else") {
    Random random(1);
    for (int i = 0; i < 500; ++i) {
        static_cast<void>(loads(noise(below(200, random), random)));
    }
}

TEST_CASE("a damaged run file is refused or read, nothing else") {
    REQUIRE(loads(std::string(good)));
    Random random(2);
    int fine = 0;
    for (int i = 0; i < 1500; ++i) {
        const std::string text = mutated(random);
        INFO(text);
        fine += loads(text) ? 1 : 0;
    }
    REQUIRE(fine > 0); // or the damage is too great to get past the parser
    REQUIRE(fine < 1500);
}

TEST_CASE("damaged overrides are refused or applied, nothing else") {
    Random random(3);
    int fine = 0;
    for (int i = 0; i < 500; ++i) {
        std::string text = "layers.0.encoding.kind=tanh";
        text[below(text.size(), random)] = static_cast<char>(below(128, random));
        fine += loads(std::string(good), {text}) ? 1 : 0;
    }
    REQUIRE(fine < 500);
}

TEST_CASE("what is nested without end is refused") {
    REQUIRE_FALSE(loads(fmt::format("a = {}", repeated("[", 100000))));
    REQUIRE_FALSE(loads(fmt::format("a = {}", repeated("{a=", 100000))));
    REQUIRE_FALSE(loads(fmt::format("{}a = 1", repeated("a.", 100000))));
    REQUIRE_FALSE(loads(fmt::format("{}a = 1", repeated("a.", 3999))));
    REQUIRE_FALSE(loads(fmt::format("[{}a]", repeated("a.", 3999))));
    const std::string mixed = fmt::format("[\n{{{}a=", repeated("a.", 30));
    REQUIRE_FALSE(loads(fmt::format("x = {}1{}", repeated(mixed, 100), repeated("}]", 100))));
    const std::string brackets = repeated("[", 100) + repeated("]", 100);
    REQUIRE_FALSE(loads(std::string(good), {fmt::format("data.ignore={}", brackets)}));
}

TEST_CASE("a text of absurd size is refused at once") {
    const std::string text = fmt::format("# {}", std::string(300 * 1024, 'x'));
    const Outcome outcome = outcome_of(
        [&] { static_cast<void>(config::load_run_spec(text, "run.toml", {}, ToyKinds{})); });
    REQUIRE(outcome.message == "run.toml: 307202 bytes; at most 262144 are read");
}
