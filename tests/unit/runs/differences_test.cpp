#include "daemon/runs/conditions.hpp"
#include "daemon/runs/differences.hpp"
#include "daemon/runs/plain_json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace phyll;
using namespace phyll::runs;
using nlohmann::json;

namespace {

v1::RigConfig rig_config(double noise) {
    v1::RigConfig config;
    config.set_name("cavity");
    config.set_kind("acoustic");
    config.set_max_batch(0);
    config.mutable_simulation()->set_noise(noise);
    config.mutable_simulation()->add_faults()->set_kind("fail");
    return config;
}

RunRecord record(double noise, std::uint64_t age) {
    RunRecord out;
    out.spec.set_name("anything");
    out.spec.set_seed(3);
    out.spec.mutable_training()->set_learning_rate(0.002);
    out.spec.add_layers()->set_width(20);
    const Premises premises{
        .version = "1.0", .host = {"x86-64-v3", "a CPU"}, .rigs = {{"cavity", rig_config(noise)}}};
    *out.info.mutable_conditions() = conditions(premises, {{"cavity", {.age = age}}});
    v1::RunResult& result = *out.info.mutable_result();
    result.set_test_accuracy(0.9);
    result.set_hardware_seconds(static_cast<double>(age) + 1);
    result.add_layers()->set_hardware_seconds(static_cast<double>(age));
    return out;
}

/// "section path: a -> b"
std::vector<std::string> told(const std::vector<v1::Difference>& differences) {
    std::vector<std::string> out;
    for (const v1::Difference& d : differences) {
        out.push_back(d.section() + " " + d.path() + ": " + (d.has_a() ? d.a() : "none") + " -> " +
                      (d.has_b() ? d.b() : "none"));
    }
    return out;
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("a message as plain JSON has every value, and options as what they hold") {
    v1::RigConfig config = rig_config(0.25);
    v1::FaultConfig options;
    options.set_kind("hang");
    options.set_at_query(1234567890123456789U);
    config.mutable_options()->PackFrom(options);
    REQUIRE(plain_json(config).dump() ==
            R"({"kind":"acoustic","max_batch":0,"name":"cavity",)"
            R"("options":{"at_query":1234567890123456789,"kind":"hang"},)"
            R"("simulation":{"faults":[{"kind":"fail"}],"noise":0.25}})");
    config.mutable_options()->set_type_url("type.googleapis.com/somewhere.Else");
    REQUIRE(plain_json(config)["options"]["type"] == "somewhere.Else");
    v1::RunInfo info;
    info.set_state(v1::RUN_CANCELLED);
    REQUIRE(plain_json(info)["state"] == "RUN_CANCELLED");
    REQUIRE(plain_json(info)["interruptions"] == 0);  // a number is always a value
    REQUIRE_FALSE(plain_json(info).contains("name")); // a text that was not given
}

TEST_CASE("conditions hold the configuration and its hash, and tell devices apart") {
    const auto a = record(0.0, 5).info.conditions().rigs(0);
    const auto b = record(0.1, 6).info.conditions().rigs(0);
    REQUIRE(a.rig() == "cavity");
    REQUIRE(a.age() == 5);
    REQUIRE(json::parse(a.configuration())["simulation"]["noise"] == 0.0);
    REQUIRE(a.configuration_sha256().size() == 64);
    REQUIRE(a.configuration_sha256() ==
            record(0.0, 9).info.conditions().rigs(0).configuration_sha256());
    REQUIRE(a.configuration_sha256() != b.configuration_sha256());
    // SHA-256 of the empty object, from another program.
    const Premises premises{.version = "", .host = {}, .rigs = {{"r", v1::RigConfig()}}};
    const auto empty = conditions(premises, {{"r", {}}}).rigs(0);
    REQUIRE(empty.configuration() == "{}");
    REQUIRE(empty.configuration_sha256() ==
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

TEST_CASE("a rig is another device with another instrument, not with more patience") {
    const auto hash = [](const auto& change) {
        v1::InstrumentConfig awg;
        awg.set_name("awg");
        awg.set_address("TCPIP0::h::5025::SOCKET");
        v1::RigConfig bench;
        change(awg, bench);
        const Premises premises{.version = "",
                                .host = {},
                                .rigs = {{"bench", bench}},
                                .instruments = {{"bench", {awg}}}};
        return conditions(premises, {{"bench", {}}}).rigs(0).configuration_sha256();
    };
    const std::string as_it_is = hash([](auto&, auto&) {});
    REQUIRE(as_it_is == hash([](auto& awg, auto& bench) {
                awg.set_timeout(9);
                bench.set_uncalibrated("allow");
                bench.set_calibration_days(3);
                bench.set_query_timeout(7);
                bench.set_power(35);
            }));
    REQUIRE(as_it_is != hash([](auto& awg, auto&) { awg.set_serial("MY1"); }));
    REQUIRE(as_it_is != hash([](auto& awg, auto&) { awg.set_address("TCPIP0::i::5025::SOCKET"); }));
    REQUIRE(as_it_is != hash([](auto& awg, auto&) { awg.set_virtual_(true); }));
}

TEST_CASE("two runs of the same file under the same conditions differ in nothing") {
    RunRecord a = record(0.0, 5);
    RunRecord b = a;
    b.spec.set_name("another");
    b.spec.set_note("times differ");
    b.info.mutable_result()->set_hardware_seconds(77);
    b.info.mutable_result()->mutable_layers(0)->set_hardware_seconds(78);
    b.info.mutable_result()->set_active_seconds(79);
    for (v1::LayerCost& cost : *b.info.mutable_result()->mutable_layers()) {
        cost.set_digital_seconds(80);
        cost.set_wait_seconds(81);
        cost.set_hardware_joules(82);
        cost.set_digital_joules(83);
    }
    b.info.mutable_result()->set_digital_joules(84);
    REQUIRE(differences(a, b).empty());
    b.info.mutable_result()->set_operations(85); // these follow from the run file
    REQUIRE(differences(a, b).size() == 1);
}

TEST_CASE("differences are named by section and path, with both values") {
    const RunRecord a = record(0.0, 5);
    RunRecord b = record(0.1, 6);
    b.spec.mutable_training()->set_learning_rate(0.01);
    b.spec.add_layers()->set_rig("echo");
    b.info.mutable_conditions()->set_version("1.1");
    b.info.mutable_conditions()->mutable_rigs(0)->set_era(2);
    b.info.mutable_result()->set_test_accuracy(0.95);
    REQUIRE(told(differences(a, b)) ==
            Texts{R"(run file layers.1.rig: none -> "echo")",
                  "run file training.learning_rate: 0.002 -> 0.01",
                  R"(software version: "1.0" -> "1.1")",
                  "rigs cavity.configuration.simulation.noise: 0.0 -> 0.1",
                  "rigs cavity.era: 0 -> 2", "age cavity: 5 -> 6",
                  "result test_accuracy: 0.9 -> 0.95"});
}

TEST_CASE("a run that never started has no conditions and no result to compare") {
    const RunRecord a = record(0.0, 5);
    RunRecord b;
    b.spec = a.spec;
    const auto found = differences(a, b);
    REQUIRE_FALSE(found.empty());
    for (const v1::Difference& difference : found) {
        REQUIRE(difference.has_a());
        REQUIRE_FALSE(difference.has_b());
        REQUIRE(difference.section() != "run file");
    }
}
