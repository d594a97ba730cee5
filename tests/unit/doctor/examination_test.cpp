#include "daemon/doctor/examination.hpp"

#include "daemon/doctor/lock_state.hpp"
#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"
#include "tests/unit/doctor/planted_lab.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <fstream>
#include <set>
#include <sys/file.h>
#include <unistd.h>

using namespace phyll;
using test::expect_complaint;
using test::PlantedLab;

TEST_CASE("a lab in which all is well has a line of each check, and nothing above fine") {
    const PlantedLab lab;
    std::set<std::string> checks;
    for (const v1::Examined& line : lab.examine()) {
        INFO(line.ShortDebugString());
        REQUIRE(line.severity() == v1::Examined::FINE);
        REQUIRE_FALSE(line.finding().empty());
        checks.insert(line.check());
    }
    std::set<std::string> all;
    for (const doctor::Check& check : doctor::all_checks()) {
        all.insert(check.name);
    }
    all.erase("rigs"); // without a daemon nobody knows whether they may be driven
    REQUIRE(checks == all);
}

TEST_CASE("the doctor finds a clock that follows no time server, or went back") {
    PlantedLab lab;
    SECTION("no time server") {
        lab.host.clock = doctor::ClockState::not_synchronised;
        expect_complaint(lab, v1::Examined::WARNING, "clock", "", "follows no time server",
                         "timedatectl set-ntp true");
    }
    SECTION("nobody knows") {
        lab.host.clock = doctor::ClockState::unknown;
        REQUIRE(lab.complaints().empty());
    }
    SECTION("went back") {
        lab.bench().info.mutable_calibration()->set_time(lab.now() + 7200.0);
        expect_complaint(lab, v1::Examined::WARNING, "clock", "bench",
                         "its calibration is from 2 hours after now", "timedatectl");
    }
}

TEST_CASE("the doctor finds rigs that nobody may drive, and says how that ends") {
    PlantedLab lab;
    lab.subject.serving = true;
    v1::RigInfo& info = lab.bench().info;
    REQUIRE(lab.complaints().empty());
    const auto block = [&](v1::RigBlock::Kind kind) {
        v1::RigBlock& added = *info.add_blocks();
        added.set_kind(kind);
        added.set_by("anna");
        added.set_note("smoke");
    };
    SECTION("stopped") {
        block(v1::RigBlock::STOPPED);
        expect_complaint(lab, v1::Examined::WARNING, "rigs", "bench",
                         "it is stopped by anna: smoke", "phyllctl rig acknowledge bench");
    }
    SECTION("not safe") {
        block(v1::RigBlock::NOT_SAFE);
        info.set_safe(false);
        info.set_safe_reason("its output stays on");
        expect_complaint(lab, v1::Examined::FAULT, "rigs", "bench",
                         "it could not be made safe: smoke", "phyllctl rig acknowledge bench");
    }
    SECTION("not safe, and not blocked yet") {
        info.set_safe(false);
        info.set_safe_reason("its output stays on");
        expect_complaint(lab, v1::Examined::FAULT, "rigs", "bench", "its output stays on",
                         "go and look");
    }
    SECTION("driven at the moment") {
        info.set_safe(false);
        REQUIRE(lab.complaints().empty());
    }
    SECTION("disabled on purpose") {
        block(v1::RigBlock::DISABLED);
        REQUIRE(lab.complaints().empty());
    }
    SECTION("in fault") {
        info.mutable_health()->set_state(v1::Health::FAULT);
        info.mutable_health()->set_reason("nobody answers");
        expect_complaint(lab, v1::Examined::FAULT, "rigs", "bench",
                         "it is in fault: nobody answers", "phyllctl instruments");
    }
    SECTION("given up") {
        info.mutable_health()->set_state(v1::Health::FAULT);
        lab.bench().given_up = true;
        expect_complaint(lab, v1::Examined::FAULT, "rigs", "bench", "was given up",
                         "restart phylld");
    }
    SECTION("degraded") {
        info.mutable_health()->set_state(v1::Health::DEGRADED);
        info.mutable_health()->set_reason("frames were taken again");
        expect_complaint(lab, v1::Examined::WARNING, "rigs", "bench", "frames were taken again",
                         "phyllctl rigs bench");
    }
}

TEST_CASE("the doctor finds calibrations that are missing, stale, foreign, or stale soon") {
    PlantedLab lab;
    v1::Calibration& calibration = *lab.bench().info.mutable_calibration();
    const std::string advice = "phyllctl rig calibrate bench";
    SECTION("not valid") {
        const auto state =
            GENERATE(v1::Calibration::MISSING, v1::Calibration::STALE, v1::Calibration::FOREIGN);
        calibration.set_state(state);
        calibration.set_reason("its calibration is of another time");
        expect_complaint(lab, v1::Examined::FAULT, "calibration", "bench",
                         "its calibration is of another time; it measures nothing", advice);
        lab.subject.config.mutable_rigs(0)->set_uncalibrated("allow");
        // The rig says the same of its health, and is not named twice for it.
        lab.bench().info.mutable_health()->set_state(v1::Health::DEGRADED);
        lab.bench().info.mutable_health()->set_reason(calibration.reason());
        expect_complaint(lab, v1::Examined::WARNING, "calibration", "bench", "nevertheless",
                         advice);
    }
    SECTION("soon") {
        calibration.set_time(lab.now() - 28.0 * 86400.0);
        expect_complaint(lab, v1::Examined::WARNING, "calibration", "bench",
                         "its calibration is 28 days old and stale in 2", advice);
    }
    SECTION("not yet") {
        calibration.set_time(lab.now() - 26.0 * 86400.0);
        REQUIRE(lab.complaints().empty());
    }
}

TEST_CASE("a check that throws is a finding, and the others are made") {
    const PlantedLab lab;
    const std::vector<doctor::Check> checks{
        {"broken", [](const auto&, auto&) { throw Error(Code::data_loss, "nothing is left"); }},
        {"whole", [](const auto&, auto& findings) { findings.fine("", "well"); }}};
    const auto found = doctor::examine(
        {.subject = lab.subject, .host = lab.host, .clock = lab.clock, .deadline = {}, .stop = {}},
        checks);
    REQUIRE(found.size() == 2);
    REQUIRE(found[0].check() == "broken");
    REQUIRE(found[0].severity() == v1::Examined::WARNING);
    REQUIRE(found[0].finding() == "cannot be looked at: nothing is left");
    REQUIRE(found[1].severity() == v1::Examined::FINE);
}

TEST_CASE("checks for which there is no time are said not to have been made") {
    const PlantedLab lab;
    const auto found = doctor::examine({.subject = lab.subject,
                                        .host = lab.host,
                                        .clock = lab.clock,
                                        .deadline = Deadline(lab.clock.now()),
                                        .stop = {}});
    REQUIRE(found.size() == doctor::all_checks().size());
    for (const v1::Examined& line : found) {
        REQUIRE(line.severity() == v1::Examined::NOTE);
        REQUIRE_THAT(line.finding(), Catch::Matchers::Contains("took too long"));
    }
}

TEST_CASE("a lock is seen to be held without taking it, and free once it is let go") {
    const test::TempDir dir;
    const auto file = dir.path() / "lock";
    std::ofstream(file) << ::getpid() << '\n';
    const doctor::Host host;
    {
        const Descriptor open(::open(file.c_str(), O_RDWR | O_CLOEXEC));
        REQUIRE(::flock(open.get(), LOCK_EX) == 0);
        const doctor::LockState state = doctor::lock_state(host, file);
        REQUIRE(state.held);
        REQUIRE(state.alive);
        REQUIRE(state.written == ::getpid());
        REQUIRE_THAT(state.command, Catch::Matchers::Contains("unit_doctor"));
    }
    REQUIRE_FALSE(doctor::lock_state(host, file).held);
}

TEST_CASE("of the machine that tests run on the doctor says what there is") {
    const doctor::Host host;
    const test::TempDir dir;
    const auto disk = host.disk(dir.path());
    REQUIRE(disk);
    REQUIRE(disk->free > 0);
    REQUIRE_FALSE(disk->read_only);
    REQUIRE(host.may_use(dir.path()));
    REQUIRE_FALSE(host.may_use(dir.path() / "nothing"));
    REQUIRE_FALSE(host.read(dir.path() / "nothing"));
    REQUIRE_FALSE(host.disk(dir.path() / "nothing"));
}
