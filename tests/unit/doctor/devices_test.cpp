// Instruments' device files, and who else is at them.

#include "tests/unit/doctor/planted_lab.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using test::expect_complaint;
using test::PlantedLab;

TEST_CASE("the doctor finds a USB instrument that this user may not use, or that is not there") {
    PlantedLab lab;
    SECTION("no permission") {
        lab.host.forbidden = {"/dev/bus/usb/001/005"};
        expect_complaint(lab, v1::Examined::FAULT, "usb", "awg",
                         "may not use its device file "
                         "/dev/bus/usb/001/005",
                         "60-phylld.rules");
    }
    SECTION("another one of its model") {
        lab.host.plant("/sys/bus/usb/devices/1-1/serial", "999\n");
        expect_complaint(lab, v1::Examined::WARNING, "usb", "awg", "'999'", "correct");
    }
    SECTION("not plugged in") {
        lab.host.remove("/sys/bus/usb/devices/1-1");
        expect_complaint(lab, v1::Examined::WARNING, "usb", "awg", "no USB device 0aad:0197",
                         "lsusb");
    }
    SECTION("a camera") {
        lab.host.forbidden = {"/dev/bus/usb/001/007"};
        expect_complaint(lab, v1::Examined::FAULT, "usb", "camera", "may not use",
                         "60-phylld.rules");
    }
}

TEST_CASE("the doctor finds a serial line that this user may not use, or that is not there") {
    PlantedLab lab;
    SECTION("no permission") {
        lab.host.forbidden = {"/dev/ttyUSB0"};
        expect_complaint(lab, v1::Examined::FAULT, "serial", "walls",
                         "may not use its device file /dev/ttyUSB0", "adduser");
    }
    SECTION("not there") {
        lab.host.remove("/dev/ttyUSB0");
        expect_complaint(lab, v1::Examined::WARNING, "serial", "walls", "is not there",
                         "/dev/serial/by-id");
    }
    SECTION("open in another program") {
        lab.host.plant_process(700, "minicom", {"minicom"}, {"/dev/ttyUSB0"});
        expect_complaint(lab, v1::Examined::WARNING, "serial", "walls",
                         "minicom (process 700) has /dev/ttyUSB0 open", "close that program");
    }
}

TEST_CASE("the doctor finds ModemManager where nothing keeps it from a serial line") {
    PlantedLab lab;
    lab.host.plant_process(812, "ModemManager", {"/usr/sbin/ModemManager"});
    REQUIRE(lab.complaints().empty()); // udev keeps it away
    lab.host.plant("/run/udev/data/c189:5", "E:ID_MODEL=FT231X\n");
    expect_complaint(lab, v1::Examined::WARNING, "serial", "walls", "ModemManager (process 812)",
                     "ATTR{idVendor}==\"0403\", ATTR{idProduct}==\"6015\", "
                     "ENV{ID_MM_DEVICE_IGNORE}=\"1\"");
}

TEST_CASE("of virtual instruments the doctor looks at no device") {
    PlantedLab lab;
    for (v1::InstrumentConfig& instrument : *lab.subject.config.mutable_instruments()) {
        instrument.set_virtual_(true);
    }
    for (const char* folder : {"/dev", "/sys", "/proc"}) {
        lab.host.remove(folder);
    }
    lab.host.clock = doctor::ClockState::not_synchronised; // of no interest there
    REQUIRE(lab.complaints().empty());
}
