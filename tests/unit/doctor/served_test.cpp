// Displays and sound cards, which programs of their own stand before.

#include "tests/unit/doctor/planted_lab.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using test::expect_complaint;
using test::PlantedLab;

namespace {

/// Nobody listens any more.
void end_servers(const PlantedLab& lab) {
    lab.host.plant("/proc/self/net/tcp", "  sl  local_address rem_address   st tx_queue\n");
}

} // namespace

TEST_CASE("the doctor finds a modulator's display that is blanked, or may be") {
    PlantedLab lab;
    SECTION("switched off by power saving") {
        lab.host.plant("/sys/class/drm/card0-HDMI-A-1/dpms", "Off\n");
        expect_complaint(lab, v1::Examined::FAULT, "display", "slm", "card0-HDMI-A-1",
                         "xset -dpms");
    }
    SECTION("a screen saver that nobody holds up") {
        lab.host.plant_process(900, "xscreensaver", {"xscreensaver"});
        expect_complaint(lab, v1::Examined::WARNING, "display", "slm", "xscreensaver (process 900)",
                         "end it");
    }
    SECTION("one whose name the kernel cuts off") {
        lab.host.plant_process(900, "xfce4-screensav", {"xfce4-screensaver"});
        expect_complaint(lab, v1::Examined::WARNING, "display", "slm", "xfce4-screensav", "end it");
    }
}

TEST_CASE("the doctor finds that phyllslm and phyllaudio do not run") {
    PlantedLab lab;
    end_servers(lab);
    const auto found = lab.complaints();
    REQUIRE(found.size() == 2);
    REQUIRE(found[0].check() == "display");
    REQUIRE(found[0].finding() ==
            "nobody listens at 127.0.0.1:9411: its phyllslm does not run, and no X server does");
    REQUIRE_THAT(found[0].advice(), Catch::Matchers::Contains("systemctl start phyllslm"));
    REQUIRE(found[1].check() == "sound");
    REQUIRE_THAT(found[1].advice(), Catch::Matchers::Contains("systemctl start phyllaudio"));
}

TEST_CASE("a table of connections that cannot be read is no proof that nobody listens") {
    const PlantedLab lab;
    lab.host.remove("/proc/self/net/tcp");
    REQUIRE(lab.complaints().empty());
}

TEST_CASE("the doctor finds a sound server that holds the sound card") {
    PlantedLab lab;
    SECTION("it runs beside a phyllaudio that has its card") {
        lab.host.plant_process(300, "pipewire", {"/usr/bin/pipewire"});
        REQUIRE(lab.complaints().empty());
    }
    SECTION("it has another card") {
        lab.host.plant_process(300, "pulseaudio", {"/usr/bin/pulseaudio"});
        lab.host.plant("/proc/asound/card0/pcm0p/sub0/status", "state: RUNNING\nowner_pid : 300\n");
        REQUIRE(lab.complaints().empty());
    }
    SECTION("it has the card, by one of its threads") {
        lab.host.plant_process(300, "pipewire", {"/usr/bin/pipewire"});
        lab.host.plant("/proc/301/status", "Name:\tdata-loop.0\nUmask:\t0022\nTgid:\t300\n");
        lab.host.plant("/proc/asound/card1/pcm0p/sub0/status", "state: RUNNING\nowner_pid : 301\n");
        expect_complaint(lab, v1::Examined::WARNING, "sound", "card",
                         "pipewire (process 300) holds the sound card card1", "pavucontrol");
    }
    SECTION("by the name that ALSA gives the card") {
        lab.host.plant_process(200, "phyllaudio", {"phyllaudio", "--device=hw:CARD=USB,DEV=0"});
        lab.host.plant_link("/proc/asound/USB", "card1");
        lab.host.plant_process(300, "pipewire", {"/usr/bin/pipewire"});
        lab.host.plant("/proc/asound/card1/pcm0p/sub0/status", "state: RUNNING\nowner_pid : 300\n");
        expect_complaint(lab, v1::Examined::WARNING, "sound", "card", "pipewire (process 300)",
                         "pavucontrol");
    }
    SECTION("it runs, and phyllaudio does not") {
        end_servers(lab);
        lab.host.remove("/proc/200");
        lab.host.remove("/proc/201");
        lab.host.plant_process(300, "pipewire", {"/usr/bin/pipewire"});
        const auto found = lab.complaints();
        REQUIRE(found.size() == 3); // phyllslm does not run either
        REQUIRE_THAT(found[2].finding(), Catch::Matchers::Contains("takes every sound card"));
        REQUIRE_THAT(found[2].advice(), Catch::Matchers::Contains("switch the card's profile off"));
    }
}

TEST_CASE("of programs on other machines the doctor says where to look") {
    PlantedLab lab;
    end_servers(lab);
    for (v1::InstrumentConfig& instrument : *lab.subject.config.mutable_instruments()) {
        if (instrument.kind() == "slm" || instrument.kind() == "audio") {
            instrument.set_address("TCPIP0::192.168.1.4::9411::SOCKET");
        }
    }
    int notes = 0;
    for (const v1::Examined& line : lab.examine()) {
        REQUIRE(line.severity() <= v1::Examined::NOTE);
        notes += line.finding().find("runs at 192.168.1.4") != std::string::npos ? 1 : 0;
    }
    REQUIRE(notes == 2);
}
