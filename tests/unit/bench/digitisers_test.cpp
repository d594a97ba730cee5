// Both digitisers, by a client that knows nothing of them but their manuals.

#include "sim/bench/electronic/electronic_bench.hpp"
#include "tests/support/await.hpp"
#include "tests/unit/bench/pair.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <sstream>

using namespace phyll;
using bench::Bench;
using bench::ElectronicBench;
using test::KeysightPair;
using test::ScpiClient;

namespace {

std::vector<double> numbers(const std::string& text) {
    std::vector<double> values;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, ',');) {
        values.push_back(std::stod(part));
    }
    return values;
}

const std::vector<std::int16_t> ramp{-32768, -28000, -20000, -10000, 0,     5000, 10000,
                                     15000,  20000,  25000,  30000,  32767, 0,    -32768};

/// A Rigol pair that plays a step of 3 V after 100 us of 0 V and triggers on it.
class RigolPair {
  public:
    explicit RigolPair(const Bench& bench)
        : generator(bench.addresses().at(0)), digitiser(bench.addresses().at(1)) {
        generator.write("*RST;:OUTP1:LOAD INF;:SOUR1:VOLT:HIGH 3;LOW 0;:SOUR1:BURS ON");
        generator.write(":SOUR1:BURS:TRIG:SOUR MAN;:SOUR1:FUNC:ARB:MODE SRATE;SRAT 1E4");
        std::string bytes = test::int16_bytes(0, false);
        for (int i = 0; i < 9; ++i) {
            bytes += test::int16_bytes(16383, false);
        }
        generator.write(":SOUR1:DATA:DAC16 VOLATILE,END," + test::block(bytes));
        generator.write(":OUTP1 ON");
        digitiser.write("*RST;:TIM:SCAL 1E-4;OFFS 3E-4;:ACQ:MDEP 1k");
        digitiser.write(":CHAN1:DISP ON;SCAL 0.25;OFFS 0;:CHAN3:DISP ON;SCAL 1;OFFS -1");
        digitiser.write(":TRIG:MODE EDGE;EDGE:SOUR CHAN3;LEV 1.5;SLOP POS");
        digitiser.write(":WAV:MODE RAW;FORM BYTE;STAR 1;STOP 1000");
        clean();
    }
    void clean() {
        REQUIRE(generator.query("SYST:ERR?") == "0,\"No error\"");
        REQUIRE(digitiser.query("SYST:ERR?") == "0,\"No error\"");
    }
    void trigger() {
        digitiser.write(":SING");
        REQUIRE(digitiser.query(":TRIG:STAT?") == "WAIT");
        generator.write(":SOUR1:BURS:TRIG");
        REQUIRE(generator.query("*OPC?") == "1");
    }

    ScpiClient generator;
    ScpiClient digitiser;
};

} // namespace

TEST_CASE("keysight-infiniivision says what it waits for, and clears what is read") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    ScpiClient& scope = pair.digitiser;
    REQUIRE(scope.query("*IDN?").starts_with("KEYSIGHT TECHNOLOGIES,MSO-X 3024T,PHYLLSIM-D"));
    REQUIRE(scope.query(":OPER:COND?;:AER?;:TER?") == "+0;+0;+0");
    pair.load(ramp);
    scope.write(":SING");
    REQUIRE(scope.query(":OPER:COND?;:AER?;:AER?;:TER?") == "+40;+1;+0;+0");
    pair.generator.write("*TRG");
    REQUIRE(pair.generator.query("*OPC?") == "1");
    REQUIRE(scope.query(":OPER:COND?;:TER?;:TER?") == "+0;+1;+0");
    REQUIRE(scope.query(":RUN;*OPC?") == "1");
    pair.generator.write("*TRG");
    REQUIRE(pair.generator.query("*OPC?") == "1");
    REQUIRE(scope.query(":OPER:COND?;:TER?") == "+40;+1");
    REQUIRE(scope.query(":STOP;*OPC?") == "1");
    pair.generator.write("*TRG");
    REQUIRE(pair.generator.query("*OPC?") == "1");
    REQUIRE(scope.query(":OPER:COND?;:TER?") == "+0;+0");
    REQUIRE(bench.status("digitiser").figures.at(0).value == 2);
}

TEST_CASE("keysight-infiniivision gives words and bytes in each order, with their preamble") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    ScpiClient& scope = pair.digitiser;
    scope.write(":CHAN3:RANG 10;OFFS 0.5");
    pair.play(ramp);
    scope.write(":WAV:SOUR CHAN3");
    const std::vector<double> preamble = numbers(scope.query(":WAV:PRE?"));
    REQUIRE(preamble.size() == 10);
    REQUIRE(preamble[0] == 1);
    REQUIRE(preamble[2] == 2500);
    REQUIRE(preamble[4] == Approx(1e-6));
    REQUIRE(preamble[5] == Approx(2.35e-6));
    REQUIRE(preamble[8] == 0.5);
    const std::string low_first = scope.query(":WAV:DATA?");
    scope.write(":WAV:BYT MSBF");
    const std::string high_first = scope.query(":WAV:DATA?");
    scope.write(":WAV:UNS OFF");
    const std::vector<double> signed_preamble = numbers(scope.query(":WAV:PRE?"));
    const std::string with_sign = scope.query(":WAV:DATA?");
    scope.write(":WAV:UNS ON;FORM BYTE");
    const std::vector<double> byte_preamble = numbers(scope.query(":WAV:PRE?"));
    const std::string bytes = scope.query(":WAV:DATA?");
    REQUIRE(bytes.size() == 2500);
    const auto byte = [](const std::string& text, std::size_t i) {
        return static_cast<unsigned char>(text[i]);
    };
    for (std::size_t i = 0; i < 2500; ++i) {
        const int word = byte(low_first, 2 * i) + 256 * byte(low_first, 2 * i + 1);
        REQUIRE(word == byte(high_first, 2 * i + 1) + 256 * byte(high_first, 2 * i));
        const auto negative =
            static_cast<std::int16_t>(byte(with_sign, 2 * i + 1) + 256 * byte(with_sign, 2 * i));
        REQUIRE(negative == word - 32768);
        REQUIRE(byte(bytes, i) == word / 256);
        const std::size_t point = i / 100;
        const double volts =
            point >= 1 && point <= ramp.size() ? -2 + 5 * (ramp[point - 1] + 32768) / 65535.0 : 0.0;
        const auto read = [](const std::vector<double>& scale, double code) {
            return (code - scale[9]) * scale[7] + scale[8];
        };
        REQUIRE(read(preamble, word) == Approx(volts).margin(10.0 / 8192 + 1e-9));
        REQUIRE(read(signed_preamble, negative) == Approx(read(preamble, word)).margin(1e-9));
        REQUIRE(read(byte_preamble, byte(bytes, i)) == Approx(volts).margin(10.0 / 256));
    }
    pair.clean();
}

TEST_CASE("keysight-infiniivision clips, reads through the probe that it was told of, and scales") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    ScpiClient& scope = pair.digitiser;
    scope.write(":CHAN3:RANG 2;:CHAN1:PROB 10");
    REQUIRE(scope.number(":CHAN1:RANG?") == 20);
    pair.play(ramp);
    const std::vector<unsigned> clipped = pair.read(3);
    REQUIRE(clipped[150] == 0);     // -2 V
    REQUIRE(clipped[1250] == 4095); // 3 V
    const unsigned through_probe = pair.read(1)[1300];
    scope.write(":CHAN1:PROB 1");
    REQUIRE(scope.number(":CHAN1:RANG?") == 2);
    pair.trigger();
    REQUIRE(pair.read(1)[1300] == through_probe);
    scope.write(":CHAN1:RANG 100");
    REQUIRE(scope.query(":SYST:ERR?").starts_with("-222"));
    scope.write(":CHAN5:RANG 1");
    REQUIRE(scope.query(":SYST:ERR?").starts_with("-114"));
    scope.write(":CHAN1:COUP AC");
    REQUIRE(scope.query(":SYST:ERR?").starts_with("-224"));
}

TEST_CASE(
    "keysight-infiniivision has the times of its screen and as many points as are asked for") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    ScpiClient& scope = pair.digitiser;
    scope.write(":WAV:SOUR CHAN3;POIN 100;:TIM:REF CENT;POS 0;RANG 4E-4");
    pair.play(ramp);
    std::vector<double> preamble = numbers(scope.query(":WAV:PRE?"));
    REQUIRE(preamble[4] == Approx(4e-6));
    REQUIRE(preamble[5] == Approx(-2e-4));
    std::string bytes = scope.query(":WAV:DATA?");
    REQUIRE(bytes.size() == 200);
    // -2 V begin 100 us and the latency after the trigger: with point 76 at 104 us.
    const auto word = [&](std::size_t i) {
        return static_cast<unsigned char>(bytes[2 * i]) +
               256 * static_cast<unsigned char>(bytes[2 * i + 1]);
    };
    REQUIRE(word(75) == 32768);
    REQUIRE(word(76) == 16384);
    scope.write(":WAV:POIN 4000");
    preamble = numbers(scope.query(":WAV:PRE?"));
    REQUIRE(preamble[4] == Approx(1e-7));
    bytes = scope.query(":WAV:DATA?");
    REQUIRE(bytes.size() == 8000);
    REQUIRE(word(3023) == 32768);
    REQUIRE(word(3024) == 16384); // 102.4 us
    REQUIRE(scope.number(":ACQ:SRAT?") == Approx(1e7));
    scope.write(":WAV:POIN 99");
    REQUIRE(scope.query(":SYST:ERR?").starts_with("-222"));
}

TEST_CASE("keysight-infiniivision has nothing to read before a record, and of a hidden channel") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    ScpiClient& scope = pair.digitiser;
    REQUIRE(scope.query(":WAV:DATA?;:SYST:ERR?").starts_with("-230"));
    REQUIRE(scope.query(":WAV:PRE?;:SYST:ERR?").starts_with("-230"));
    scope.write(":CHAN2:DISP OFF");
    pair.play(ramp);
    REQUIRE(scope.query(":WAV:SOUR CHAN2;DATA?;:SYST:ERR?").starts_with("-221"));
    REQUIRE(scope.query(":WAV:SOUR CHAN5;:SYST:ERR?").starts_with("-224"));
}

TEST_CASE("keysight-infiniivision sees only the trigger that it was told to wait for") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    ScpiClient& scope = pair.digitiser;
    pair.load(ramp);
    const auto seen = [&] {
        pair.trigger();
        return scope.query(":TER?") == "+1";
    };
    REQUIRE(seen());
    scope.write(":TRIG:EDGE:SLOP NEG");
    REQUIRE_FALSE(seen());
    pair.generator.write("OUTP:TRIG:SLOP NEG");
    REQUIRE(seen());
    scope.write(":TRIG:EDGE:LEV 4");
    REQUIRE_FALSE(seen());
    scope.write(":TRIG:EDGE:LEV 1");
    pair.generator.write("OUTP:TRIG OFF");
    REQUIRE_FALSE(seen());
    scope.write(":TRIG:EDGE:SOUR CHAN3;LEV 2.9;SLOP POS");
    REQUIRE(seen());
    REQUIRE(scope.query(":TRIG:EDGE:SOUR?;SLOP?") == "CHAN3;POS");
    scope.write(":TRIG:EDGE:LEV 3.1");
    REQUIRE_FALSE(seen());
    // Node 1 rises through 0.2 V in the middle of the ramp: there the record begins.
    scope.write(":TRIG:EDGE:SOUR CHAN1;LEV 0.2;:TIM:POS 0");
    REQUIRE(seen());
    const std::vector<unsigned> node = pair.read(1);
    REQUIRE(std::abs((node[0] - 2048.0) * 2 / 4096 - 0.2) < 1e-3);
    REQUIRE(node[5] > node[0]);
}

TEST_CASE("a record takes its time") {
    Bench bench(*bench::electronic_plan({.nature = {.record_time = Seconds(1e-3)}}));
    KeysightPair pair(bench);
    pair.load(ramp);
    bench.reset_statistics();
    pair.trigger();
    test::await([&] { return pair.digitiser.query(":OPER:COND?") == "+0"; });
    REQUIRE(pair.digitiser.query(":TER?") == "+1");
    const bench::BenchStatus status = bench.status();
    REQUIRE(status.instruments.at(1).busy.count() >= 1e-3);
    REQUIRE(status.waiting.count() <= status.all.count() - 1e-3);
    REQUIRE(pair.read(1).size() == KeysightPair::points);
}

TEST_CASE("rigol-mso5000 triggers on a channel and gives bytes and words") {
    Bench bench(
        *bench::electronic_plan({.generator = "rigol-dg1000z", .digitiser = "rigol-mso5000"}));
    RigolPair pair(bench);
    ScpiClient& scope = pair.digitiser;
    REQUIRE(scope.query("*IDN?").starts_with("RIGOL TECHNOLOGIES,MSO5074,PHYLLSIM-D"));
    REQUIRE(scope.query(":TRIG:STAT?") == "STOP");
    REQUIRE(scope.query(":WAV:DATA?;:SYST:ERR?").starts_with("-230"));
    pair.trigger();
    REQUIRE(scope.query(":TRIG:STAT?") == "STOP");
    REQUIRE(scope.number(":ACQ:SRAT?") == 1e6);
    scope.write(":WAV:SOUR CHAN3");
    const std::vector<double> preamble = numbers(scope.query(":WAV:PRE?"));
    REQUIRE(preamble.size() == 10);
    REQUIRE(preamble[0] == 0);
    REQUIRE(preamble[1] == 2);
    REQUIRE(preamble[2] == 1000);
    REQUIRE(preamble[4] == Approx(1e-6));
    REQUIRE(preamble[5] == Approx(-2e-4));
    REQUIRE(preamble[7] == Approx(0.04));
    REQUIRE(preamble[8] == -25);
    const std::string bytes = scope.query(":WAV:DATA?");
    REQUIRE(bytes.size() == 1000);
    scope.write(":WAV:FORM WORD;STAR 151;STOP 250");
    const std::string words = scope.query(":WAV:DATA?");
    REQUIRE(words.size() == 200);
    for (std::size_t i = 0; i < 1000; ++i) {
        // The trigger, where the output jumps to 3 V, is point 200.
        const double code = static_cast<unsigned char>(bytes[i]);
        const double volts = (code - preamble[8] - preamble[9]) * preamble[7];
        REQUIRE(volts == Approx(i < 200 ? 0.0 : 3.0).margin(0.02));
        if (i >= 150 && i < 250) {
            REQUIRE(words[2 * (i - 150)] == bytes[i]);
            REQUIRE(words[2 * (i - 150) + 1] == '\0');
        }
    }
    pair.clean();
    scope.write(":TRIG:EDGE:SOUR EXT");
    REQUIRE(scope.query(":SYST:ERR?").starts_with("-224"));
    scope.write(":WAV:STOP 1001");
    REQUIRE(scope.query(":WAV:DATA?;:SYST:ERR?").starts_with("-222"));
    scope.write(":WAV:STOP 1000;:RUN");
    REQUIRE(scope.query(":WAV:DATA?;:SYST:ERR?").starts_with("-221"));
    scope.write("*RST");
    REQUIRE(scope.query(":TRIG:STAT?") == "STOP");
}
