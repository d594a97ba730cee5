// The bench as a program, and clients that were made for real instruments.

#include "tests/integration/phyllsim_program.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

using nlohmann::json;
using namespace phyll;
using test::Finished;
using test::has_pyvisa;
using test::lxi;
using test::phyllsim;
using test::Process;
using test::python_command;
using test::run_python;
using test::Sim;

namespace {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A script for pyvisa-py: `generator` and `digitiser` are open.
Finished visa(const Sim& sim, const std::string& script) {
    const std::string opening =
        test::visa_opening +
        "generator, digitiser = instrument(sys.argv[1]), instrument(sys.argv[2])\n";
    return run_python(sim, opening + script, {sim.address(0), sim.address(1)});
}

} // namespace

TEST_CASE("phyllsim says what it is made of, serves, and leaves nothing behind") {
    Sim sim;
    REQUIRE(sim.ready().at("ready") == true);
    REQUIRE(sim.ready().at("bench") == "electronic");
    const std::filesystem::path config = sim.ready().at("config").get<std::string>();
    const std::string text = read_file(config);
    for (std::size_t i = 0; i < 2; ++i) {
        const json& instrument = sim.ready().at("instruments").at(i);
        REQUIRE(text.find("address = \"" + sim.address(i) + "\"") != std::string::npos);
        REQUIRE(instrument.at("name") == (i == 0 ? "generator" : "digitiser"));
        REQUIRE(instrument.at("identity").get<std::string>().find(",PHYLLSIM-") !=
                std::string::npos);
    }
    REQUIRE(text.find("kind = \"electronic-instruments\"") != std::string::npos);
    const int signal = GENERATE(SIGTERM, SIGINT);
    sim.process().signal(signal);
    REQUIRE(sim.process().wait() == 0);
    REQUIRE_FALSE(std::filesystem::exists(config.parent_path()));
}

TEST_CASE("phyllsim says why it cannot start") {
    Sim sim;
    const auto refused = [](std::vector<std::string> options, int status, const std::string& why) {
        options.insert(options.begin(), phyllsim);
        const Finished finished = test::run_command(options);
        INFO(finished.err);
        REQUIRE(finished.status == status);
        REQUIRE(finished.out.empty());
        REQUIRE(finished.err.find(why) != std::string::npos);
    };
    refused({"--generator-port", sim.port(0)}, 1, "Address already in use");
    refused({"--bench", "kitchen"}, 1, "--bench: 'kitchen'; valid is electronic");
    refused({"--generator", "acme"}, 1, "generator: 'acme'; valid is keysight-33500, ");
    refused({"--circuit", "stages=0"}, 1, "stages: 0; valid is 1 to 16");
    refused({"--circuit", "colour=red"}, 1, "circuit: 'colour=red'; valid is KEY=VALUE");
    refused({"--config-out", "/nonexistent/phylld.toml"}, 1, "No such file or directory");
    refused({"--exec", "/nonexistent/phylld"}, 1, "cannot start '/nonexistent/phylld'");
    refused({"--exec"}, 1, "--exec: missing");
    refused({"--noise", "loud"}, 2, "--noise");
    refused({"ctl", "--control", "/nonexistent", "status"}, 1, "no phyllsim answers at");
}

TEST_CASE("phyllsim --exec runs a command on the bench and ends as it ends") {
    const test::TempDir dir;
    const std::string config = (dir.path() / "lab.toml").string();
    const Finished finished = test::run_command(
        {phyllsim, "--config-out", config, "--exec", "sh", "-c",
         "cat $1; echo \"[$PHYLLD_CONFIG] $2\"; " + phyllsim + " ctl status; exit 7", "sh",
         "{config}", "--config={config}"});
    INFO(finished.err);
    REQUIRE(finished.status == 7);
    REQUIRE(finished.out.starts_with(read_file(config)));
    REQUIRE(finished.out.find("[" + config + "] --config=" + config + "\n") != std::string::npos);
    REQUIRE(finished.out.find("\"bench\":\"electronic\"") != std::string::npos);

    Process waiting({phyllsim, "--exec", "sh", "-c",
                     "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done"},
                    dir.path() / "log");
    REQUIRE(waiting.read_line() == "ready");
    waiting.signal(SIGTERM);
    REQUIRE(waiting.wait() == 9);
    REQUIRE(test::run_command({phyllsim, "--exec", "sh", "-c", "kill -9 $$"}).status == 128 + 9);
}

TEST_CASE("phyllsim --shell is for a shell to evaluate") {
    const Finished finished = test::run_command(
        {"/bin/sh", "-c",
         "eval \"$(" + phyllsim + " --shell &)\"; cat \"$PHYLLD_CONFIG\" && " + phyllsim +
             " ctl status; kill $PHYLLSIM_PID; while kill -0 $PHYLLSIM_PID 2>&-; do :; done; "
             "test -e \"$PHYLLD_CONFIG\" || echo gone"});
    INFO(finished.err);
    REQUIRE(finished.out.starts_with("[[instruments]]\n"));
    REQUIRE(finished.out.find("\"waiting_seconds\":") != std::string::npos);
    REQUIRE(finished.out.ends_with("gone\n"));
}

TEST_CASE("phyllsim ctl tells instruments to misbehave while they run") {
    Sim sim;
    REQUIRE(sim.status(0).at("messages") == 0);
    REQUIRE(sim.status(1).at("captures") == 0);
    REQUIRE(sim.status(0).at("outputs").at(0).at("on") == false);
    REQUIRE(
        sim.ctl({"misbehave", "digitiser", "error", "--text", "-410,Query INTERRUPTED"}).status ==
        0);
    REQUIRE(sim.status(1).at("errors") == 1);
    REQUIRE(sim.ctl({"misbehave", "generator", "delay", "--at", "2", "--count", "3", "--seconds",
                     "0.1"})
                .status == 0);
    REQUIRE(sim.ctl({"release", "generator"}).status == 0);
    REQUIRE(sim.ctl({"reset-statistics"}).status == 0);
    const auto refused = [&](const std::vector<std::string>& order, const std::string& why) {
        const Finished finished = sim.ctl(order);
        INFO(finished.err);
        REQUIRE(finished.status != 0);
        REQUIRE(finished.err.find(why) != std::string::npos);
    };
    refused({"misbehave", "generator", "explode"}, "kind: 'explode'; valid is delay, drop, ");
    refused({"misbehave", "oven", "drop"}, "no instrument is named 'oven'; there are: generator, ");
    refused({"misbehave", "generator", "identity"}, "text: missing");
    refused({"misbehave", "generator"}, "KIND is required");
    refused({}, "A subcommand is required");
}

TEST_CASE("lxi-tools talk to both instruments") {
    const std::string pair = GENERATE("keysight", "rigol");
    const bool rigol = pair == "rigol";
    Sim sim({"--generator", rigol ? "rigol-dg1000z" : "keysight-33500", "--digitiser",
             rigol ? "rigol-mso5000" : "keysight-infiniivision"});
    for (std::size_t i = 0; i < 2; ++i) {
        const auto identity = lxi(sim.port(i), "*IDN?");
        if (!identity) {
            return;
        }
        REQUIRE(*identity ==
                sim.ready().at("instruments").at(i).at("identity").get<std::string>() + "\n");
        static_cast<void>(lxi(sim.port(i), "NONSENSE"));
        REQUIRE(lxi(sim.port(i), "SYST:ERR?") == "-113,\"Undefined header;NONSENSE\"\n");
    }
}

TEST_CASE("pyvisa-py loads a waveform and reads the record of what it makes, over TCP and USB") {
    if (!has_pyvisa()) {
        return;
    }
    const bool usb = GENERATE(false, true);
    Sim sim(usb ? std::vector<std::string>{"--usb"} : std::vector<std::string>{});
    REQUIRE(sim.address(0).starts_with(usb ? "USB0::0x0957::0x2C07::PHYLLSIM-G" : "TCPIP0::"));
    const Finished finished = visa(sim, R"(
print(generator.query('*IDN?').split(',')[1], digitiser.query('*IDN?').split(',')[1])
generator.write('NONSENSE')
print(generator.query('SYST:ERR?'))
generator.write('OUTP:LOAD INF;:VOLT:LIM:HIGH 3;LOW -2;STAT ON;:VOLT:LOW -2;HIGH 3;:FUNC ARB')
generator.write('FORM:BORD SWAP')
codes = [-6554] + [32767] * 10 + [-32768] * 10
generator.write_binary_values('DATA:ARB:DAC little,', codes, datatype='h', is_big_endian=False)
generator.write('FORM:BORD NORM')
generator.write_binary_values('DATA:ARB:DAC big,', codes, datatype='h', is_big_endian=True)
generator.write('FUNC:ARB:SRAT 1E4;:BURS:STAT ON;:TRIG:SOUR BUS;:OUTP:TRIG ON;:OUTP ON')
digitiser.write(':CHAN3:PROB 1;DISP ON;RANG 8;:TIM:REF LEFT;POS 2.35E-6;RANG 2E-3')
digitiser.write(':TRIG:EDGE:SOUR EXT;LEV 1;:TRIG:SWE NORM;:WAV:SOUR CHAN3;FORM WORD;POIN 200')
records = []
for name, order in (('big', 'MSBF'), ('little', 'LSBF')):
    generator.write('FUNC:ARB ' + name)
    digitiser.write(':SING')
    assert digitiser.query(':OPER:COND?') == '+40'
    generator.write('*TRG')
    assert generator.query('*OPC?') == '1'
    digitiser.write(':WAV:BYT ' + order)
    scale = [float(number) for number in digitiser.query(':WAV:PRE?').split(',')]
    words = digitiser.query_binary_values(':WAV:DATA?', datatype='H', is_big_endian=order == 'MSBF')
    records.append([(word - scale[9]) * scale[7] + scale[8] for word in words])
print(len(records[0]), records[0] == records[1])
print(*('%.2f' % records[0][i] for i in (0, 9, 10, 109, 110, 199)))
print(generator.query('SYST:ERR?'), digitiser.query('SYST:ERR?'))
)");
    INFO(finished.err);
    REQUIRE(finished.status == 0);
    REQUIRE(finished.out == "33512B MSO-X 3024T\n"
                            "-113,\"Undefined header;NONSENSE\"\n"
                            "200 True\n"
                            "0.00 0.00 3.00 3.00 -2.00 -2.00\n"
                            "+0,\"No error\" +0,\"No error\"\n");
    REQUIRE(sim.status(0).at("outputs").at(0).at("on") == true);
    REQUIRE(sim.status(1).at("captures") == 2);
}

TEST_CASE("the USB devices of phyllsim are plugged in and out, and drivers take them and give them "
          "back") {
    if (!has_pyvisa()) {
        return;
    }
    Sim sim({"--usb"});
    const Finished finished = run_python(sim, R"(
import json, subprocess, sys, usb.core, usb.util
def ctl(*words):
    return subprocess.run([sys.argv[1], 'ctl', *words], check=True, capture_output=True).stdout
def figure(name):
    return json.loads(ctl('status'))['instruments'][0][name]
def device():
    return usb.core.find(idVendor=0x0957, idProduct=0x2C07)
def gone():
    try:
        first.write(2, b'')
    except usb.core.USBError as error:
        return error.strerror
first = device()
print(first.manufacturer, first.product, first.is_kernel_driver_active(0), figure('kernel_driver'))
first.detach_kernel_driver(0)
usb.util.claim_interface(first, 0)
print(first.is_kernel_driver_active(0), figure('kernel_driver'), figure('connections'))
usb.util.release_interface(first, 0)
first.attach_kernel_driver(0)
print(first.is_kernel_driver_active(0), figure('kernel_driver'), figure('connections'))
first.detach_kernel_driver(0)
usb.util.claim_interface(first, 0)
ctl('misbehave', 'generator', 'unplug', '--seconds', '1000')
print(device(), gone(), figure('connections'), figure('device_number'))
usb.util.dispose_resources(first)
ctl('misbehave', 'generator', 'unplug')
print(device().address != first.address, device().address == figure('device_number'))
)",
                                         {phyllsim});
    INFO(finished.err);
    REQUIRE(finished.out == "Keysight Technologies 33512B True 1\n"
                            "False 0 1\n"
                            "True 1 0\n"
                            "None No such device (it may have been disconnected) 0 0\n"
                            "True True\n");
    REQUIRE(finished.status == 0);
}

TEST_CASE("a phyllsim that ends unplugs its devices, and whoever uses them lives on") {
    if (!has_pyvisa()) {
        return;
    }
    Sim sim({"--usb"});
    const std::string script = R"(
import usb.core, usb.util
device = usb.core.find(idVendor=0x0957)
device.detach_kernel_driver(0)
usb.util.claim_interface(device, 0)
print('waits', flush=True)
try:
    device.read(0x81, 512, 20000)
except usb.core.USBError as error:
    print(error.strerror)
usb.util.dispose_resources(device)
)";
    const test::TempDir dir;
    test::Process client(test::python_command(sim, script, {}), dir.path() / "log");
    REQUIRE(client.read_line() == "waits");
    sim.process().signal(SIGTERM);
    REQUIRE(sim.process().wait() == 0);
    REQUIRE(client.read_line() == "No such device (it may have been disconnected)");
    REQUIRE(client.wait() == 0);
}

TEST_CASE("instruments on TCP cannot be unplugged") {
    Sim sim;
    const Finished finished = sim.ctl({"misbehave", "generator", "unplug"});
    REQUIRE(finished.status != 0);
    REQUIRE(finished.err.find("kind: 'unplug'; this instrument is no USB device") !=
            std::string::npos);
}
