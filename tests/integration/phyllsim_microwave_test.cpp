// The microwave bench as a program, and clients that were made for real instruments.

#include "tests/integration/phyllsim_program.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>

using nlohmann::json;
using namespace phyll;
using test::Finished;
using test::require_refused;
using test::Sim;

namespace {

/// Twenty frequencies in a coarse fence are computed in no time.
const std::vector<std::string> quick{"--bench",  "microwave",         "--points", "20",
                                     "--cavity", "wire_spacing=0.25", "--seed",   "3"};

std::vector<std::string> with(std::vector<std::string> options) {
    options.insert(options.begin(), quick.begin(), quick.end());
    return options;
}

/// `vna` and `line` are open; `frame(type, sequence, payload)` makes what `line.write` takes.
const std::string opening = test::visa_opening + R"(
import binascii, os, struct
def frame(kind, sequence, payload=b''):
    body = struct.pack('<BBH', kind, sequence, len(payload)) + payload
    return b'\xa5\x5a' + body + struct.pack('<H', binascii.crc_hqx(body, 0xffff))
vna = instrument(sys.argv[1])
line = open(sys.argv[2][len('ASRL'):-len('::INSTR')], 'r+b', buffering=0)
)";

} // namespace

TEST_CASE("phyllsim --bench microwave says what it is made of") {
    Sim sim(with({"--settle-time", "0.001"}));
    REQUIRE(sim.ready().at("bench") == "microwave");
    const json& instruments = sim.ready().at("instruments");
    REQUIRE(instruments.at(0).at("name") == "vna");
    REQUIRE(instruments.at(1).at("name") == "metasurface");
    REQUIRE(sim.address(1).starts_with("ASRL/"));
    const Finished finished =
        test::run_command({"/bin/cat", sim.ready().at("config").get<std::string>()});
    for (const std::string& part :
         {sim.address(0), sim.address(1), std::string("kind = \"microwave-instruments\""),
          std::string("start_frequency = 4680000000, stop_frequency = 5720000000, points = 20, "
                      "power = -10, if_bandwidth = 10000, settle_time = 0.001")}) {
        INFO(part);
        REQUIRE(finished.out.find(part) != std::string::npos);
    }
    const json output = sim.status(0).at("outputs").at(0);
    REQUIRE(output == json{{"name", "1"}, {"on", false}, {"dbm", -10.0}});
    REQUIRE(sim.ctl({"misbehave", "vna", "panel", "--text", "SOUR:POW -5"}).status == 0);
    REQUIRE(sim.status(0).at("outputs").at(0).at("dbm") == -5.0);
    REQUIRE(sim.ctl({"misbehave", "vna", "power-high", "--value", "3"}).status == 0);
    REQUIRE(sim.ctl({"misbehave", "metasurface", "garble", "--text", "reply"}).status == 0);
}

TEST_CASE("phyllsim says why a microwave bench cannot be") {
    require_refused(with({"--vna", "acme"}),
                    "vna: 'acme'; valid is rohde-schwarz-znb, keysight-pna, ");
    require_refused(with({"--cavity", "colour=red"}),
                    "cavity: 'colour=red'; valid is KEY=VALUE, of ");
    require_refused(with({"--cavity", "rods=many"}), "cavity.rods: 'many'; valid is a number");
    require_refused(with({"--atoms", "0"}), "atoms: 0; valid is 1 to 256");
    require_refused(with({"--sweep-time", "-1"}), "sweep-time: -1; valid is 0 or more");
}

TEST_CASE("lxi-tools talk to each VNA") {
    const std::string model = GENERATE("rohde-schwarz-znb", "keysight-pna", "librevna");
    Sim sim(with({"--vna", model}));
    const auto identity = test::lxi(sim.port(0), "*IDN?");
    if (!identity) {
        return;
    }
    REQUIRE(*identity ==
            sim.ready().at("instruments").at(0).at("identity").get<std::string>() + "\n");
    static_cast<void>(test::lxi(sim.port(0), "NONSENSE"));
    if (model == "librevna") {
        REQUIRE(test::lxi(sim.port(0), "*ESR?") == "32\n");
    } else {
        REQUIRE(test::lxi(sim.port(0), "SYST:ERR?") == "-113,\"Undefined header;NONSENSE\"\n");
    }
}

TEST_CASE("pyvisa-py sweeps what the metasurface shows, and copies a file there and back") {
    if (!test::has_pyvisa()) {
        return;
    }
    const bool usb = GENERATE(false, true);
    Sim sim(with(usb ? std::vector<std::string>{"--usb"} : std::vector<std::string>{}));
    const Finished finished = test::run_python(sim, opening + R"(
line.write(frame(1, 1))
print(line.read(8 + 2 + 100)[8:].split(b',')[1].decode())
print(vna.query('*IDN?').split(',')[1])
vna.write('NONSENSE')
print(vna.query('SYST:ERR?'))
vna.write('INIT:CONT OFF;:FREQ:STAR 4.68E9;STOP 5.72E9;:SWE:POIN 20;:SOUR:POW -10;:OUTP ON')
vna.write("CALC:PAR:SDEF 'phyll','S21';:FORM REAL,64;:FORM:BORD SWAP")
sweeps = []
for bits in (b'\0' * 5, b'\xff' * 5, b'\0' * 5):
    line.write(frame(2, 2 + len(sweeps), struct.pack('<H', 40) + bits))
    assert line.read(10)[2] == 0x82
    assert vna.query('INIT;*OPC?') == '1'
    sweeps.append(vna.query_binary_values('CALC:DATA? SDAT', datatype='d', is_big_endian=False))
print(len(sweeps[0]), sweeps[0] == sweeps[2], sweeps[0] == sweeps[1])
read = lambda name: bytes(vna.query_binary_values("MMEM:DATA? '%s'" % name, datatype='B'))
setup = read('cavity.znxml')
vna.write_binary_values("MMEM:DATA 'copy.znxml',", setup, datatype='B')
print(len(setup), read('copy.znxml') == setup)
vna.write("MMEM:LOAD:STAT 1,'copy.znxml'")
print(vna.query('SENS:CORR?;:OUTP?'), vna.query('SYST:ERR?'))
)",
                                               {sim.address(0), sim.address(1)});
    INFO(finished.err);
    REQUIRE(finished.out == "METASURFACE-40\n"
                            "ZNB8-2Port\n"
                            "-113,\"Undefined header;NONSENSE\"\n"
                            "40 True False\n"
                            "2000 True\n"
                            "1;0 0,\"No error\"\n");
    REQUIRE(finished.status == 0);
    REQUIRE(sim.status(0).at("sweeps") == 3);
    REQUIRE(sim.status(1).at("patterns") == 3);
}
