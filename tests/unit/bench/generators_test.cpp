// Both generators, by a client that knows nothing of them but their manuals.

#include "drivers/core/random.hpp"
#include "sim/bench/electronic/electronic_bench.hpp"
#include "tests/unit/bench/scpi_client.hpp"

#include <catch2/catch.hpp>

#include <bit>

using namespace phyll;
using bench::Bench;
using bench::ElectronicBench;
using test::block;
using test::int16_bytes;
using test::ScpiClient;

namespace {

/// A bench, and a client of its generator.
struct GeneratorBench {
    explicit GeneratorBench(const ElectronicBench& options)
        : bench(*bench::electronic_plan(options)), client(bench.addresses()[0]) {}

    std::string error() { return client.query("SYST:ERR?"); }
    bench::Output output() { return bench.status("generator").outputs.at(0); }
    bench::Figure triggers() { return bench.status("generator").figures.at(0); }

    Bench bench;
    ScpiClient client;
};

struct Keysight : GeneratorBench {
    explicit Keysight(ElectronicBench options = {}) : GeneratorBench(options) {}
    void clean() { REQUIRE(error() == "+0,\"No error\""); }
};

struct Rigol : GeneratorBench {
    Rigol() : GeneratorBench({.generator = "rigol-dg1000z"}) {}
    void clean() { REQUIRE(error() == "0,\"No error\""); }
};

std::string codes(const std::vector<std::int16_t>& values, bool upper_first) {
    std::string bytes;
    for (const std::int16_t value : values) {
        bytes += int16_bytes(value, upper_first);
    }
    return block(bytes);
}

std::string floats(const std::vector<float>& values, bool upper_first) {
    std::string bytes;
    for (const float value : values) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        for (unsigned k = 0; k < 4; ++k) {
            bytes += static_cast<char>(bits >> 8U * (upper_first ? 3 - k : k) & 0xffU);
        }
    }
    return block(bytes);
}

} // namespace

TEST_CASE("keysight-33500 says who it is, with a serial number of its own") {
    Keysight one;
    Keysight other;
    const std::string identity = one.client.query("*IDN?");
    REQUIRE(identity.starts_with("Keysight Technologies,33512B,PHYLLSIM-G"));
    REQUIRE(identity == one.bench.status("generator").identity);
    REQUIRE(identity != other.client.query("*IDN?"));
}

TEST_CASE("keysight-33500 has the common commands and an error queue") {
    Keysight bench;
    REQUIRE(bench.client.query("*ESR?") == "128"); // just switched on
    REQUIRE(bench.client.query("*OPC?;*STB?;*TST?") == "1;0;0");
    bench.client.write("NONSENSE;*ESE 32;VOLT:HIGH;HIGH 1,2;HIGH 11;HIGH x");
    REQUIRE(bench.client.query("*STB?") == "36");
    REQUIRE(bench.client.query("*ESR?") == "48");
    REQUIRE(bench.error() == "-113,\"Undefined header;NONSENSE\"");
    REQUIRE(bench.error() == "-109,\"Missing parameter\"");
    REQUIRE(bench.error() == "-108,\"Parameter not allowed\"");
    REQUIRE(bench.error() == "-222,\"Data out of range\"");
    REQUIRE(bench.error() == "-120,\"Numeric data error\"");
    bench.clean();
    bench.client.write("A;B;*OPC");
    REQUIRE(bench.client.query("*CLS;*ESR?;:SYSTem:ERRor:NEXT?") == "0;+0,\"No error\"");
}

TEST_CASE("keysight-33500 keeps its levels within what its output can do") {
    Keysight bench;
    ScpiClient& client = bench.client;
    REQUIRE(client.number("OUTP:LOAD?") == 50);
    client.write("OUTP:LOAD INF;:VOLT:LOW -2;HIGH 3");
    REQUIRE(client.number("OUTP:LOAD?") == 9.9e37);
    REQUIRE(client.number("VOLT:HIGH?") == 3);
    REQUIRE(client.number(":SOURce1:VOLTage:LOW?") == -2);
    REQUIRE(client.number("VOLT?") == 5);
    REQUIRE(client.number("VOLT:OFFS?") == 0.5);
    client.write("VOLT:OFFS 1;:VOLT 4");
    REQUIRE(client.number("VOLT:HIGH?") == 3);
    REQUIRE(client.number("VOLT:LOW?") == -1);
    bench.clean();
    client.write("VOLT:HIGH 10.01");
    REQUIRE(bench.error().starts_with("-222"));
    client.write("VOLT:HIGH -1.5");
    REQUIRE(bench.error().starts_with("-221"));
    REQUIRE(client.number("VOLT:LOW?") == Approx(-1.501));
    // The same output said for 50 ohm.
    client.write("OUTP:LOAD 50");
    REQUIRE(client.number("VOLT:HIGH?") == -0.75);
    client.write("VOLT:HIGH 5.01");
    REQUIRE(bench.error().starts_with("-222"));
    client.write("VOLT:LOW -5;HIGH 5;:OUTP:LOAD INF");
    REQUIRE(client.number("VOLT:HIGH?") == 10);
    bench.clean();
}

TEST_CASE("keysight-33500 refuses levels beyond its limits") {
    Keysight bench;
    ScpiClient& client = bench.client;
    client.write("OUTP:LOAD INF;:VOLT:LIM:HIGH 3;LOW -2;STAT ON;:VOLT:LOW -2;HIGH 3");
    bench.clean();
    REQUIRE(client.query("VOLT:LIM:STAT?") == "1");
    client.write("VOLT:HIGH 3.001");
    REQUIRE(bench.error().starts_with("-222"));
    client.write("VOLT:LOW -2.001");
    REQUIRE(bench.error().starts_with("-222"));
    client.write("VOLT 6");
    REQUIRE(bench.error().starts_with("-222"));
    client.write("VOLT:LIM:HIGH 2.9");
    REQUIRE(bench.error().starts_with("-221"));
    REQUIRE(client.query("VOLT:HIGH?;LOW?;LIM:HIGH?") ==
            "+3.0000000000000E+00;-2.0000000000000E+00;+3.0000000000000E+00");
    client.write("VOLT:LIM:STAT OFF;HIGH -2;:VOLT:LIM:STAT ON"); // the output is at 3 V
    REQUIRE(bench.error().starts_with("-221"));
}

TEST_CASE("keysight-33500 takes waveforms in both byte orders, as codes and as numbers") {
    Keysight bench;
    ScpiClient& client = bench.client;
    client.write("OUTP:LOAD INF;:VOLT:LOW -2;HIGH 3;:FUNC ARB;:BURS:STAT ON;:OUTP ON");
    // The first point is what the output shows between bursts.
    const auto first_point_after = [&](const std::string& download, const std::string& name) {
        client.write(download);
        client.write("FUNC:ARB \"" + name + "\"");
        bench.clean();
        REQUIRE(client.query("FUNC:ARB?") == '"' + name + '"');
        REQUIRE(client.query("FUNC:ARB:POIN?") == "+8");
        return bench.output().volts;
    };
    const std::vector<std::int16_t> points{10, -32768, 32767, 0x0a3b, 4, 5, 6, 7};
    const double step = 5.0 / 65535;
    REQUIRE(first_point_after("DATA:ARB:DAC big," + codes(points, true), "BIG") ==
            Approx(-2 + step * 32778));
    REQUIRE(first_point_after("FORM:BORD SWAP;:SOUR1:DATA:ARB:DAC little," + codes(points, false),
                              "LITTLE") == Approx(-2 + step * 32778));
    REQUIRE(first_point_after("DATA:ARB f," + floats({-1, 1, 0, 0, 0, 0, 0, 0}, false), "F") ==
            -2.0);
    REQUIRE(
        first_point_after("FORM:BORD NORM;:DATA:ARB g," + floats({1, 1, 0, 0, 0, 0, 0, 0}, true),
                          "G") == 3.0);
    REQUIRE(first_point_after("DATA:ARB:DAC list,32767,0,0,0,0,0,0,-32768", "LIST") == 3.0);
    REQUIRE(client.query("DATA:VOL:FREE?") == "+1048536");
    REQUIRE(client.query("DATA:VOL:CAT?") == R"("BIG","F","G","LIST","LITTLE")");
    client.write("DATA:ARB:DAC Big," + codes(points, true));
    REQUIRE(bench.error().starts_with("+786"));
    client.write("FUNC:ARB nowhere");
    REQUIRE(bench.error().starts_with("+785"));
    client.write("DATA:ARB:DAC seven," + codes({1, 2, 3, 4, 5, 6, 7}, true));
    REQUIRE(bench.error().starts_with("-222"));
    client.write("DATA:ARB:DAC odd," + block("12345678901234567"));
    REQUIRE(bench.error().starts_with("-161"));
    client.write("DATA:ARB big2," + floats({1, 1, 0, 0, 0, 0, 0, 1.5F}, true));
    REQUIRE(bench.error().starts_with("-222"));
    client.write("DATA:VOL:CLE");
    REQUIRE(client.query("DATA:VOL:FREE?") == "+1048576");
    client.write("DATA:ARB:DAC full," + block(std::string(2 * 1'048'577, '\n')));
    REQUIRE(bench.error().starts_with("+781"));
}

TEST_CASE("keysight-33500 is off and forgets after *RST") {
    Keysight bench;
    ScpiClient& client = bench.client;
    client.write("OUTP:LOAD INF;:VOLT:HIGH 2;LOW 1;:OUTP ON;:OUTP:TRIG ON");
    REQUIRE(client.query("OUTP?;:OUTP:TRIG?") == "1;1");
    REQUIRE(bench.output().on);
    REQUIRE(bench.output().volts == 1.5);
    client.write("*RST");
    REQUIRE(client.query("OUTP?;:OUTP:TRIG?;:BURS:STAT?;:FUNC?") == "0;0;0;SIN");
    REQUIRE_FALSE(bench.output().on);
    REQUIRE(bench.output().volts == 0.0);
    REQUIRE(client.number("OUTP:LOAD?") == 50);
}

TEST_CASE("keysight-33500 has a burst triggered only when it waits for one") {
    Keysight bench;
    ScpiClient& client = bench.client;
    client.write("*TRG");
    REQUIRE(bench.error().starts_with("-211"));
    client.write("TRIG:SOUR BUS;*TRG");
    REQUIRE(bench.error().starts_with("-211"));
    client.write("BURS:STAT ON;*TRG;*TRG");
    bench.clean();
    REQUIRE(bench.triggers().value == 2);
    REQUIRE(client.query("TRIG:SOUR?;:BURS:MODE?;NCYC?") == "BUS;TRIG;+1.0000000000000E+00");
}

TEST_CASE("an output is what its gain and offset make of what was asked for") {
    Keysight bench({.output = {.gain = 0.99, .offset = 0.01}});
    bench.client.write("OUTP:LOAD INF;:VOLT:HIGH 3;LOW 1");
    bench.clean();
    REQUIRE(bench.output().volts == 0.0);
    bench.client.write("OUTP ON");
    bench.clean();
    REQUIRE(bench.output().volts == Approx(0.99 * 2 + 0.01));
}

TEST_CASE("rigol-dg1000z takes a waveform in blocks, low byte first") {
    Rigol bench;
    ScpiClient& client = bench.client;
    REQUIRE(client.query("*IDN?").starts_with("RIGOL TECHNOLOGIES,DG1022Z,PHYLLSIM-G"));
    client.write(":OUTP1:LOAD INF;:SOUR1:VOLT:LOW -2;HIGH 3");
    REQUIRE(client.query(":OUTP1:LOAD?;:SOUR1:VOLT:HIGH?;LOW?") ==
            "INFINITY;3.000000E+00;-2.000000E+00");
    client.write(":SOUR1:FUNC:ARB:MODE SRATE;SRAT 1e4;:SOUR1:BURS ON;BURS:MODE TRIG;NCYC 1");
    client.write(":SOUR1:BURS:TRIG:SOUR MAN;TRIGO POS;:OUTP1 ON");
    bench.clean();
    client.write(":SOUR1:TRAC:DATA:DAC16 VOLATILE,CON," +
                 codes({4096, 1, 2, 3, 4, 5, 6, 7}, false));
    bench.clean();
    REQUIRE(bench.output().volts == 0.5); // still a sine
    client.write(":SOUR1:DATA:DAC16 VOLATILE,END," + codes({16383, 1, 2, 3, 4, 5, 6, 7}, false));
    bench.clean();
    REQUIRE(client.query(":SOUR1:FUNC?;:OUTP1?") == "ARB;ON");
    REQUIRE(bench.output().volts == Approx(-2 + 5 * 4096 / 16383.0));
    client.write(":SOUR1:BURS:TRIG;*TRG");
    bench.clean();
    REQUIRE(bench.triggers().value == 2);
    client.write(":SOUR1:DATA:DAC16 VOLATILE,END," + codes({16384, 1, 2, 3, 4, 5, 6, 7}, false));
    REQUIRE(bench.error().starts_with("-222"));
    client.write(":SOUR1:DATA:DAC16 VOLATILE,END," + block(std::string(2 * 16385, '\0')));
    REQUIRE(bench.error().starts_with("-161"));
    client.write(":SOUR1:BURS:TRIG:SOUR INT;*TRG");
    REQUIRE(bench.error().starts_with("-211"));
    client.write(":SOUR1:APPL:ARB 2e4,2,1");
    REQUIRE(client.query(":SOUR1:FUNC:ARB:SRAT?;:SOUR1:VOLT:HIGH?;LOW?") ==
            "2.000000E+04;2.000000E+00;0.000000E+00");
    client.write("*RST");
    REQUIRE(client.query(":OUTP1?") == "OFF");
    REQUIRE_FALSE(bench.output().on);
    bench.clean();
}
