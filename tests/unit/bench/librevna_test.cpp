// The virtual LibreVNA's language, by a client that knows nothing of it but its programming guide.

#include "tests/support/await.hpp"
#include "tests/unit/bench/microwave_pair.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace phyll;
using bench::Fault;
using test::MicrowavePair;
using test::ScpiClient;

namespace {

bench::MicrowaveBench librevna_bench() {
    bench::MicrowaveBench bench = test::small_cavity();
    bench.vna = "librevna";
    return bench;
}

struct Libre : MicrowavePair {
    explicit Libre(const bench::MicrowaveBench& microwave = librevna_bench())
        : MicrowavePair(microwave) {
        vna.write(":DEV:MODE VNA;:VNA:SWEEP FREQUENCY;SWEEPTYPE LIN;:VNA:STIM:LVL "
                  "-10;:VNA:ACQ:IFBW 10000");
        vna.write(":VNA:ACQ:POINTS 5;AVG 1;:VNA:FREQ:START 4680000000;STOP 5720000000");
        REQUIRE(vna.query("*ESR?") == "0");
    }
    [[nodiscard]] bool rf() { return bench.status("vna").outputs.at(0).on; }
    /// Frequency, real and imaginary part of each point.
    [[nodiscard]] std::vector<double> trace(const std::string& name) {
        std::string text = vna.query(":VNA:TRACE:DATA? " + name);
        std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
        std::istringstream stream(text);
        std::vector<double> values;
        for (std::string part; std::getline(stream, part, ',');) {
            values.push_back(std::stod(part));
        }
        return values;
    }
};

} // namespace

TEST_CASE("librevna measures what the simulated rig answers, with six digits") {
    Libre libre;
    REQUIRE(libre.vna.query("*IDN?").starts_with("LibreVNA,LibreVNA-GUI,PHYLLSIM-V"));
    REQUIRE(libre.vna.query("*IDN?").ends_with(",1.6.0"));
    const test::Bits bits{0, 1, 1, 0, 1, 0, 0, 0, 1, 1};
    libre.show(bits);
    REQUIRE_FALSE(libre.rf());
    libre.vna.write(":VNA:ACQ:SINGLE TRUE");
    REQUIRE(libre.vna.query(":VNA:ACQ:FIN?") == "TRUE");
    REQUIRE_FALSE(libre.rf()); // it has stopped by itself
    REQUIRE(libre.figure("rf_on") == 1);
    REQUIRE(libre.figure("sweeps") == 1);
    const auto expected = test::computed_s21(librevna_bench(), bits);
    const std::vector<double> trace = libre.trace("S21");
    REQUIRE(trace.size() == 15);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        REQUIRE(trace[3 * i] == 4.68e9 + 0.26e9 * static_cast<double>(i));
        REQUIRE(trace[3 * i + 1] == Approx(expected[i].real()).epsilon(1e-5));
        REQUIRE(trace[3 * i + 2] == Approx(expected[i].imag()).epsilon(1e-5));
    }
    REQUIRE(libre.trace("2") == trace);
    REQUIRE(libre.vna.query("VNA:TRAC:LIST?") == "S11,S12,S21,S22");
}

TEST_CASE("librevna answers each query on a line of its own, and keeps still about errors") {
    Libre libre;
    auto& vna = libre.vna;
    REQUIRE(vna.query("VNA:ACQ:POINTS?;AVG?") == "5");
    REQUIRE(vna.read() == "1");
    vna.write("SYST:ERR?");
    vna.write("NONSENSE");
    REQUIRE(vna.query("*ESR?") == "32");
    REQUIRE(vna.query("*ESR?") == "0");
    vna.write("VNA:ACQ:IFBW fast;:VNA:SWEEP POWER;:DEV:CONN 12345;:VNA:TRAC:DATA? S33");
    REQUIRE(vna.query("*ESR?") == "32");
    REQUIRE(libre.bench.status("vna").errors == 0);
    vna.write("VNA:STIM:LVL 20;:VNA:FREQ:START 1");
    REQUIRE(vna.query("VNA:STIM:LVL?") == "0");
    REQUIRE(vna.query("VNA:FREQ:START?") == "100000");
    REQUIRE(vna.query("DEV:INF:LIM:MAXF?") == "6000000000");
    REQUIRE(vna.query("*ESR?") == "0");
}

TEST_CASE("librevna talks to the client that came last") {
    Libre libre;
    ScpiClient other(libre.bench.addresses().at(0));
    REQUIRE(other.query("DEV:MODE?") == "VNA");
    REQUIRE(libre.vna.closed());
    REQUIRE(libre.bench.status("vna").connections == 1);
}

TEST_CASE("librevna has RF on while it acquires") {
    Libre libre;
    auto& vna = libre.vna;
    vna.write("VNA:ACQ:RUN");
    REQUIRE(vna.query("VNA:ACQ:RUN?") == "TRUE");
    REQUIRE(libre.rf());
    REQUIRE(libre.trace("S21").size() == 15);
    vna.write("VNA:ACQ:STOP");
    REQUIRE(vna.query("VNA:ACQ:RUN?") == "FALSE");
    REQUIRE_FALSE(libre.rf());
    vna.write("VNA:STIM:LVL -20");
    REQUIRE_FALSE(libre.rf());
    vna.write("DEV:MODE GEN;:GEN:PORT 1");
    REQUIRE(vna.query("GEN:PORT?") == "1");
    REQUIRE(libre.rf());
    vna.write("GEN:PORT 0");
    REQUIRE(vna.query("DEV:MODE?") == "GEN");
    REQUIRE_FALSE(libre.rf());
    vna.write("*RST");
    REQUIRE(vna.query("DEV:MODE?") == "VNA");
    REQUIRE(libre.rf());
    REQUIRE(libre.figure("resets") == 1);
}

TEST_CASE("a single acquisition of librevna that has ended begins anew when a setting changes") {
    Libre libre;
    libre.vna.write("VNA:ACQ:SINGLE TRUE");
    libre.vna.write("VNA:STIM:LVL -12");
    REQUIRE(libre.vna.query("VNA:ACQ:FIN?") == "TRUE");
    REQUIRE(libre.figure("sweeps") == 2);
    libre.vna.write("VNA:ACQ:STOP;:VNA:ACQ:AVG 4;SINGLE TRUE");
    REQUIRE(libre.vna.query("VNA:ACQ:AVGLEV?") == "4");
    REQUIRE(libre.figure("sweeps") == 6);
}

TEST_CASE("librevna says when it has finished, and can have said so before") {
    bench::MicrowaveBench slow = librevna_bench();
    slow.nature.sweep_time = 0.6 / (5 * 1.2 / 1e4);
    Libre libre(slow);
    libre.bench.misbehave("vna", {.fault = Fault::finished, .at = 1});
    libre.vna.write("VNA:ACQ:SINGLE TRUE");
    REQUIRE(libre.vna.query("VNA:ACQ:FIN?") == "FALSE");
    REQUIRE(libre.vna.query("VNA:ACQ:AVGLEV?") == "0");
    REQUIRE(libre.rf());
    REQUIRE(libre.vna.query("*OPC?") == "1");
    REQUIRE(libre.vna.query("VNA:ACQ:FIN?") == "TRUE");
    libre.vna.write("VNA:ACQ:SINGLE TRUE");
    REQUIRE(libre.vna.query("VNA:ACQ:FIN?") == "TRUE"); // of the acquisition before
    REQUIRE(libre.vna.query("VNA:ACQ:FIN?") == "FALSE");
    test::await([&] { return libre.vna.query("VNA:ACQ:FIN?") == "TRUE"; });
    REQUIRE(libre.figure("sweeps") == 2);
}

TEST_CASE("librevna loads calibrations and setups, and says what is overloaded") {
    Libre libre;
    auto& vna = libre.vna;
    REQUIRE(vna.query("VNA:CAL:ACTIVE?") == "None");
    REQUIRE(vna.query("VNA:CAL:LOAD? nothing.cal") == "FALSE");
    REQUIRE(vna.query("VNA:CAL:LOAD? /home/lab/cavity.cal") == "TRUE");
    REQUIRE(vna.query("VNA:CAL:ACTIVE?") == "SOLT_12");
    vna.write("VNA:STIM:LVL -25;:DEV:SETUP:SAVE mine.setup;:VNA:STIM:LVL -5;:VNA:CAL:RESET");
    REQUIRE(vna.query("VNA:CAL:ACTIVE?") == "None");
    REQUIRE(vna.query("DEV:SETUP:LOAD? mine.setup") == "TRUE");
    REQUIRE(vna.query("VNA:STIM:LVL?") == "-25");
    REQUIRE(vna.query("DEV:STA:ADCOVER?") == "FALSE");
    libre.bench.misbehave("vna", {.fault = Fault::overload});
    vna.write("VNA:ACQ:SINGLE TRUE");
    REQUIRE(vna.query("DEV:STA:ADCOVER?") == "TRUE");
    REQUIRE(vna.query("DEV:STA:UNLEV?") == "FALSE");
    vna.write("VNA:ACQ:SINGLE TRUE");
    REQUIRE(vna.query("DEV:STA:ADCOVER?") == "FALSE");
    vna.write("*RST");
    REQUIRE(vna.query("VNA:CAL:ACTIVE?") == "None");
}
