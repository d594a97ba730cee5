#include "clients/cli/doctor_own.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace phyll;
using cli::compare_builds;
using cli::compare_clocks;

namespace {

v1::DescribeReply daemon_of(const std::string& version, const std::string& commit,
                            std::uint32_t protocol) {
    v1::DescribeReply reply;
    reply.set_version(version);
    reply.set_commit(commit);
    reply.set_protocol(protocol);
    return reply;
}

} // namespace

TEST_CASE("phyllctl and phylld belong together, or the doctor says how they do not") {
    const cli::Build own{.version = "0.2.0", .commit = "aaaa", .protocol = 1};
    REQUIRE(worst(compare_builds(own, daemon_of("0.2.0", "aaaa", 1))) == Severity::fine);
    REQUIRE(worst(compare_builds(own, daemon_of("0.2.0", "", 1))) == Severity::fine); // not known

    const auto commits = compare_builds(own, daemon_of("0.2.0", "bbbb", 1));
    REQUIRE(worst(commits) == Severity::note);
    REQUIRE(commits[0].finding == "phyllctl is 0.2.0 (aaaa), phylld 0.2.0 (bbbb): the same "
                                  "version, built from other commits");
    const auto versions = compare_builds(own, daemon_of("0.1.0", "bbbb", 1));
    REQUIRE(worst(versions) == Severity::warning);
    REQUIRE_THAT(versions[0].advice, Catch::Matchers::Contains("same version of both"));

    const auto protocols = compare_builds(own, daemon_of("0.2.0", "aaaa", 2));
    REQUIRE(worst(protocols) == Severity::warning);
    REQUIRE(protocols[1].finding == "phyllctl speaks version 1, phylld 2");
    REQUIRE_THAT(protocols[1].advice, Catch::Matchers::Contains("newer phyllctl"));
}

TEST_CASE("the doctor says by how much the clocks of client and daemon differ") {
    REQUIRE(compare_clocks(1000.0, 1000.4).severity == Severity::fine);
    REQUIRE(compare_clocks(1000.0, 999.6).severity == Severity::fine);
    const Finding noted = compare_clocks(1000.0, 1003.0);
    REQUIRE(noted.severity == Severity::note);
    REQUIRE(noted.finding == "the clock of this machine is 3 s ahead of that of phylld");
    const Finding warned = compare_clocks(1000.0, 880.0);
    REQUIRE(warned.severity == Severity::warning);
    REQUIRE(warned.finding == "the clock of this machine is 120 s behind that of phylld");
    REQUIRE_THAT(warned.advice, Catch::Matchers::Contains("timedatectl"));
}

TEST_CASE("findings are said the worst first, each with what to do") {
    const std::vector<Finding> findings{
        {.severity = Severity::fine, .check = "clock", .subject = "", .finding = "well"},
        {.severity = Severity::note, .check = "disk", .subject = "/x", .finding = "small"},
        {.severity = Severity::fault,
         .check = "rigs",
         .subject = "bench",
         .finding = "in fault",
         .advice = "look"}};
    std::ostringstream text;
    say(findings, {.json = false, .all = false}, text);
    REQUIRE(text.str() == "fault    rigs bench: in fault\n"
                          "         do: look\n"
                          "note     disk /x: small\n"
                          "1 thing was looked at and found fine; --all lists it\n");
    std::ostringstream json;
    say(findings, {.json = true, .all = true}, json);
    REQUIRE(
        json.str() ==
        R"({"advice":"look","check":"rigs","event":"examined","finding":"in fault","severity":"fault","subject":"bench"})"
        "\n"
        R"({"advice":"","check":"disk","event":"examined","finding":"small","severity":"note","subject":"/x"})"
        "\n"
        R"({"advice":"","check":"clock","event":"examined","finding":"well","severity":"fine","subject":""})"
        "\n");
}
