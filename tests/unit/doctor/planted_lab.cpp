#include "tests/unit/doctor/planted_lab.hpp"

#include "daemon/runs/store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <phyll/v1/runs.pb.h>

#include <algorithm>
#include <fstream>
#include <sys/stat.h>

namespace phyll::test {
namespace {

void add_instrument(v1::DaemonConfig& config, const std::string& name, const std::string& kind,
                    const std::string& address) {
    v1::InstrumentConfig& instrument = *config.add_instruments();
    instrument.set_name(name);
    instrument.set_kind(kind);
    instrument.set_address(address);
}

void plant_usb(const PlantedHost& host, const std::string& name, const std::string& vendor,
               const std::string& product, const std::string& serial, int number) {
    const std::filesystem::path folder = "/sys/bus/usb/devices/" + name;
    host.plant(folder / "idVendor", vendor + "\n");
    host.plant(folder / "idProduct", product + "\n");
    host.plant(folder / "serial", serial + "\n");
    host.plant(folder / "busnum", "1\n");
    host.plant(folder / "devnum", std::to_string(number) + "\n");
    host.plant(folder / "dev", fmt::format("189:{}\n", number - 1));
    host.plant(fmt::format("/dev/bus/usb/001/{:03}", number), "");
}

void plant_devices(const PlantedHost& host) {
    plant_usb(host, "1-1", "0aad", "0197", "101234", 5);
    plant_usb(host, "1-2", "0403", "6015", "DK0A", 6);
    host.plant("/dev/ttyUSB0", "");
    host.plant("/sys/bus/usb/devices/1-2/1-2:1.0/ttyUSB0/port_number", "0\n");
    host.plant_link("/sys/class/tty/ttyUSB0/device",
                    host.at("/sys/bus/usb/devices/1-2/1-2:1.0/ttyUSB0"));
    host.plant("/run/udev/data/c189:5", "E:ID_MODEL=FT231X\nE:ID_MM_DEVICE_IGNORE=1\n");
    plant_usb(host, "2-1", "2676", "ba02", "21948204", 7);
    host.plant("/sys/bus/usb/devices/2-1/2-1:1.0/bInterfaceClass", "ef\n");
    host.plant("/sys/bus/usb/devices/2-1/2-1:1.0/bInterfaceSubClass", "05\n");
}

void plant_servers(const PlantedHost& host) {
    host.plant("/proc/self/net/tcp", "  sl  local_address rem_address   st tx_queue\n"
                                     "   0: 0100007F:24C3 00000000:0000 0A 00000000:00000000\n"
                                     "   1: 0100007F:24C4 00000000:0000 0A 00000000:00000000\n"
                                     "   2: 0100007F:1F90 0100007F:24C5 01 00000000:00000000\n");
    host.plant_process(200, "phyllaudio", {"/usr/bin/phyllaudio", "--device", "hw:1,0"});
    host.plant("/proc/201/status", "Name:\taudio thread\nUmask:\t0022\nTgid:\t200\n");
    host.plant("/proc/asound/card1/pcm0p/sub0/status",
               "state: RUNNING\nowner_pid   : 201\ntrigger_time: 1.5\n");
    host.plant("/proc/asound/card0/pcm0p/sub0/status", "closed\n");
    host.plant("/dev/snd/pcmC1D0p", "");
    host.plant("/sys/class/drm/card0-HDMI-A-1/status", "connected\n");
    host.plant("/sys/class/drm/card0-HDMI-A-1/enabled", "enabled\n");
    host.plant("/sys/class/drm/card0-HDMI-A-1/dpms", "On\n");
    // Nothing is plugged in there.
    host.plant("/sys/class/drm/card0-DP-1/status", "disconnected\n");
    host.plant("/sys/class/drm/card0-DP-1/enabled", "disabled\n");
    host.plant("/sys/class/drm/card0-DP-1/dpms", "Off\n");
}

} // namespace

void PlantedHost::plant(const std::filesystem::path& file, const std::string& text) const {
    std::filesystem::create_directories(at(file).parent_path());
    std::ofstream(at(file), std::ios::binary) << text;
}

void PlantedHost::plant_link(const std::filesystem::path& link,
                             const std::filesystem::path& to) const {
    std::filesystem::create_directories(at(link).parent_path());
    std::filesystem::create_symlink(to, at(link));
}

void PlantedHost::plant_process(int number, const std::string& name,
                                const std::vector<std::string>& arguments,
                                const std::vector<std::filesystem::path>& open) const {
    const std::filesystem::path folder = "/proc/" + std::to_string(number);
    plant(folder / "comm", name + "\n");
    plant(folder / "status", fmt::format("Name:\t{}\nTgid:\t{}\n", name, number));
    std::string line;
    for (const std::string& argument : arguments) {
        line += argument + '\0';
    }
    plant(folder / "cmdline", line);
    int descriptor = 3;
    for (const std::filesystem::path& file : open) {
        plant_link(folder / "fd" / std::to_string(descriptor++), at(file));
    }
}

void PlantedHost::remove(const std::filesystem::path& path) const {
    REQUIRE(std::filesystem::remove_all(at(path)) > 0);
}

bool PlantedHost::may_use(const std::filesystem::path& path) const {
    return exists(path) && !forbidden.contains(path);
}

std::optional<doctor::DiskUse> PlantedHost::disk(const std::filesystem::path& path) const {
    return exists(path) ? std::optional(room) : std::nullopt;
}

PlantedLab::PlantedLab() {
    add_instrument(subject.config, "awg", "generator", "USB0::0x0AAD::0x0197::101234::INSTR");
    add_instrument(subject.config, "walls", "metasurface", "ASRL/dev/ttyUSB0::INSTR");
    add_instrument(subject.config, "slm", "slm", "TCPIP0::127.0.0.1::9411::SOCKET");
    add_instrument(subject.config, "card", "audio", "TCPIP0::127.0.0.1::9412::SOCKET");
    add_instrument(subject.config, "camera", "camera", "Basler-21948204");
    add_instrument(subject.config, "vna", "vna", "TCPIP0::192.168.1.9::5025::SOCKET");
    subject.config.set_journal_limit(20);
    v1::RigConfig& config = *subject.config.add_rigs();
    config.set_name("bench");
    config.set_calibration_days(30);
    config.set_uncalibrated("refuse");
    doctor::ExaminedRig& rig = subject.rigs.emplace_back();
    rig.info.set_name("bench");
    rig.info.set_safe(true);
    rig.info.mutable_calibration()->set_state(v1::Calibration::VALID);
    rig.info.mutable_calibration()->set_time(now() - 86400.0);
    subject.state_dir = "/state";
    subject.lock_dir = "/locks";
    subject.asks_for_keys = true;
    plant_devices(host);
    plant_servers(host);
    std::filesystem::create_directories(host.at("/locks"));
    host.plant("/state/server.key", "a secret\n");
    REQUIRE(::chmod(host.at("/state/server.key").c_str(), 0600) == 0);
    {
        const runs::Store store(database());
    }
    add_run(1, v1::SUCCEEDED);
}

void PlantedLab::sql(const std::string& statement) const {
    SQLite::Database(database().string(), SQLite::OPEN_READWRITE).exec(statement);
}

void PlantedLab::add_run(int number, int state, bool waits) const {
    v1::RunInfo info;
    info.set_run(static_cast<std::uint64_t>(number));
    info.set_state(static_cast<v1::RunState>(state));
    info.set_reason("phylld went away under it");
    info.set_waits(waits);
    info.set_kind(v1::TRAINING);
    {
        SQLite::Database database(this->database().string(), SQLite::OPEN_READWRITE);
        SQLite::Statement insert(database,
                                 "INSERT INTO runs (id, state, info, spec) VALUES (?, ?, ?, x'')");
        const std::string bytes = info.SerializeAsString();
        insert.bind(1, number);
        insert.bind(2, state);
        insert.bind(3, bytes.data(), static_cast<int>(bytes.size()));
        insert.exec();
    }
    sql(fmt::format("INSERT INTO checkpoints VALUES ({}, 50, 'checkpoint-50.h5', 'abc')", number));
    host.plant(fmt::format("/state/runs/{}/checkpoint-50.h5", number), "weights");
}

std::vector<v1::Examined> PlantedLab::examine() const {
    return doctor::examine({.subject = subject,
                            .host = host,
                            .clock = clock,
                            .deadline = Deadline::never(),
                            .stop = {}});
}

std::vector<v1::Examined> PlantedLab::complaints() const {
    std::vector<v1::Examined> found;
    for (const v1::Examined& line : examine()) {
        if (line.severity() > v1::Examined::NOTE) {
            found.push_back(line);
        }
    }
    return found;
}

void expect_complaint(const PlantedLab& lab, v1::Examined::Severity severity,
                      const std::string& check, const std::string& subject,
                      const std::string& finding, const std::string& advice) {
    const std::vector<v1::Examined> found = lab.complaints();
    REQUIRE(found.size() == 1);
    INFO(found[0].ShortDebugString());
    REQUIRE(found[0].check() == check);
    REQUIRE(found[0].severity() == severity);
    REQUIRE(found[0].subject() == subject);
    REQUIRE_THAT(found[0].finding(), Catch::Matchers::Contains(finding));
    REQUIRE_THAT(found[0].advice(), Catch::Matchers::Contains(advice));
}

} // namespace phyll::test
