// What all virtual VNAs have in common, seen through a ZNB: sweeps, their time, and what goes
// wrong.

#include "tests/support/await.hpp"
#include "tests/unit/bench/microwave_pair.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cmath>
#include <string>

using namespace phyll;
using bench::Fault;
using bench::MicrowaveBench;
using test::Bits;
using test::MicrowavePair;
using test::ScpiClient;

namespace {

const Bits off(10, 0);
const Bits some{1, 0, 1, 1, 0, 0, 1, 0, 0, 1};

/// A ZNB that is set up to measure S21 where the cavity is known, and waits.
struct Znb : MicrowavePair {
    explicit Znb(const MicrowaveBench& microwave = test::small_cavity())
        : MicrowavePair(microwave) {
        set_up();
    }
    void set_up() {
        vna.write("*CLS;:INIT:CONT OFF;:SENS:FREQ:STAR 4.68E9;STOP 5.72E9;:SENS:SWE:POIN 5");
        vna.write(
            "SENS:BAND 1E4;:SOUR:POW -10;:CALC:PAR:SDEF 'phyll','S21';:FORM REAL,64;:OUTP ON");
        clean();
    }
    void clean() { REQUIRE(vna.query("SYST:ERR?") == "0,\"No error\""); }
    void sweep() { REQUIRE(vna.query("INIT;*OPC?") == "1"); }
    std::vector<std::complex<double>> s21() { return block_pairs("CALC:DATA? SDAT"); }
};

/// Half a second for a sweep.
MicrowaveBench slow() {
    MicrowaveBench bench = test::small_cavity();
    bench.nature.sweep_time = 0.5 / (5 * 1.2 / 1e4);
    return bench;
}

/// By how much two traces differ, at most.
double difference(const std::vector<std::complex<double>>& a,
                  const std::vector<std::complex<double>>& b) {
    REQUIRE(a.size() == b.size());
    double most = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        most = std::max(most, std::abs(a[i] - b[i]));
    }
    return most;
}

} // namespace

TEST_CASE("a VNA measures what the simulated rig answers, bit for bit") {
    Znb znb;
    const KeyedRandom random(5, "patterns");
    for (std::uint64_t sample = 0; sample < 10; ++sample) {
        Bits bits;
        for (std::uint64_t k = 0; k < 10; ++k) {
            bits.push_back(static_cast<std::uint8_t>(random.below(2, sample, k)));
        }
        znb.show(bits);
        znb.sweep();
        REQUIRE(znb.s21() == test::computed_s21(test::small_cavity(), bits));
    }
    REQUIRE(znb.figure("sweeps") == 10);
}

TEST_CASE("a VNA's four S-parameters are those of a reciprocal device that has losses") {
    Znb znb;
    znb.show(some);
    znb.sweep();
    const auto trace = [&](const std::string& parameter) {
        znb.vna.write("CALC:PAR:SDEF 'x','" + parameter + "'");
        return znb.s21();
    };
    const auto s11 = trace("S11");
    const auto s21 = trace("S21");
    REQUIRE(trace("s12") == s21);
    REQUIRE(difference(trace("S22"), s11) > 1e-3);
    for (std::size_t i = 0; i < s11.size(); ++i) {
        REQUIRE(std::norm(s11[i]) + std::norm(s21[i]) < 1.0);
    }
    znb.clean();
}

TEST_CASE("what is not measured where RF is off, or where there is no physics, is noise") {
    Znb znb;
    znb.vna.write("OUTP OFF");
    znb.sweep();
    REQUIRE(difference(znb.s21(), std::vector<std::complex<double>>(5)) < 1e-4);
    REQUIRE(difference(znb.s21(), std::vector<std::complex<double>>(5)) > 1e-7);
    znb.vna.write("OUTP ON;:SENS:FREQ:STAR 1E6;STOP 2E6");
    znb.sweep();
    REQUIRE(difference(znb.s21(), std::vector<std::complex<double>>(5)) < 1e-4);
    znb.clean();
}

TEST_CASE("noise is a function of the sweep's number, and follows power, bandwidth and averages") {
    MicrowaveBench noisy = test::small_cavity();
    noisy.nature.noise = 0.01;
    const auto exact = test::computed_s21(noisy, off);
    const auto rms = [&](Znb& znb) {
        double sum = 0.0;
        constexpr int sweeps = 200;
        for (int i = 0; i < sweeps; ++i) {
            znb.sweep();
            const auto s = znb.s21();
            for (std::size_t k = 0; k < s.size(); ++k) {
                sum += std::norm(s[k] - exact[k]);
            }
        }
        return std::sqrt(sum / (2 * 5 * sweeps));
    };
    Znb znb(noisy);
    Znb twin(noisy);
    znb.sweep();
    twin.sweep();
    const auto first = znb.s21();
    REQUIRE(first == znb.s21());
    REQUIRE(first == twin.s21());
    znb.sweep();
    REQUIRE(first != znb.s21());
    REQUIRE(rms(znb) == Approx(0.01).epsilon(0.1));
    znb.vna.write("SOUR:POW -30");
    REQUIRE(rms(znb) == Approx(0.1).epsilon(0.1));
    znb.vna.write("SOUR:POW -10;:SENS:BAND 100");
    REQUIRE(rms(znb) == Approx(0.001).epsilon(0.1));
    znb.vna.write("SENS:BAND 1E4;:SENS:AVER ON;AVER:COUN 16");
    REQUIRE(rms(znb) == Approx(0.0025).epsilon(0.1));
}

TEST_CASE("a sweep takes its time, and says when it is over") {
    Znb znb(slow());
    const auto begun = std::chrono::steady_clock::now();
    znb.vna.write("*CLS;:INIT;*OPC");
    REQUIRE(znb.vna.query("*ESR?") == "0");
    test::await([&] { return znb.vna.query("*ESR?") == "1"; });
    REQUIRE(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(450));
    REQUIRE(znb.vna.query("*ESR?") == "0");
    const auto again = std::chrono::steady_clock::now();
    REQUIRE(znb.vna.query("INIT;*OPC?;:CALC:PAR:CAT?") == "1;'Trc1,S11,phyll,S21'");
    REQUIRE(std::chrono::steady_clock::now() - again >= std::chrono::milliseconds(450));
    REQUIRE(znb.bench.status("vna").busy.count() > 0.9);
}

TEST_CASE("an aborted sweep is over, and what comes after it is not held up") {
    Znb znb(slow());
    znb.vna.write("*CLS;:INIT;*OPC;:ABOR");
    REQUIRE(znb.vna.query("*ESR?;*OPC?") == "1;1");
    REQUIRE(znb.figure("sweeps") == 0);
    REQUIRE(
        znb.vna.query("CALC:DATA? SDAT;:SYST:ERR?").ends_with("-230,\"Data corrupt or stale\""));
}

TEST_CASE("a pattern that comes in the middle of a sweep is seen by its last points only") {
    MicrowaveBench microwave = slow();
    microwave.nature.sweep_time *= 8; // four seconds
    Znb znb(microwave);
    znb.vna.write("*CLS;:INIT;*OPC");
    // While the first points are measured: asked for, they are there, and the others are not.
    test::await([&] { return std::abs(znb.s21()[1]) > 0; });
    REQUIRE(std::abs(znb.s21()[4]) == 0);
    znb.show(some);
    test::await([&] { return znb.vna.query("*ESR?") == "1"; });
    const auto before = test::computed_s21(microwave, off);
    const auto after = test::computed_s21(microwave, some);
    const auto s = znb.s21();
    REQUIRE(s[0] == before[0]);
    REQUIRE(s[1] == before[1]);
    REQUIRE(s[4] == after[4]);
}

TEST_CASE("waves meet a pattern when the meta-atoms have settled") {
    MicrowaveBench microwave = test::small_cavity();
    microwave.settle_time = Seconds(0.3);
    Znb znb(microwave);
    const auto begun = std::chrono::steady_clock::now();
    znb.show(some);
    znb.sweep();
    REQUIRE(znb.s21() == test::computed_s21(microwave, off));
    const auto settled = test::computed_s21(microwave, some);
    test::await([&] {
        znb.sweep();
        return znb.s21() == settled;
    });
    REQUIRE(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(300));
}

TEST_CASE("a stale sweep has the data of the one before, a missed one never ends") {
    Znb znb;
    znb.sweep();
    znb.show(some);
    znb.bench.misbehave("vna", {.fault = Fault::stale});
    znb.sweep();
    REQUIRE(znb.s21() == test::computed_s21(test::small_cavity(), off));
    znb.bench.misbehave("vna", {.fault = Fault::missed_trigger});
    znb.vna.write("*CLS;:INIT;*OPC");
    REQUIRE(znb.vna.query("*ESR?") == "0");
    REQUIRE(znb.figure("sweeps") == 2);
    znb.vna.write("ABOR");
    znb.sweep();
    REQUIRE(znb.s21() == test::computed_s21(test::small_cavity(), some));
}

TEST_CASE("who waits for a sweep that never ends holds up nobody else once gone") {
    Znb znb;
    znb.bench.misbehave("vna", {.fault = Fault::missed_trigger});
    {
        ScpiClient waiting(znb.bench.addresses().at(0));
        waiting.write("INIT;*OPC?");
        waiting.write("SWE:POIN 7");
        test::await([&] { return znb.bench.status("vna").connections == 2; });
    }
    REQUIRE(znb.vna.query("ABOR;*OPC?;:SYST:ERR?") == "1;0,\"No error\"");
    test::await([&] { return znb.bench.status("vna").connections == 1; });
    REQUIRE(znb.vna.query("SWE:POIN?") == "7");
}

TEST_CASE("a finished flag can be left over from the sweep before") {
    Znb znb(slow());
    znb.bench.misbehave("vna", {.fault = Fault::finished});
    znb.vna.write("*CLS;:INIT;*OPC");
    REQUIRE(znb.vna.query("*ESR?") == "1");
    REQUIRE(znb.figure("sweeps") == 0);
    REQUIRE(znb.vna.query("*ESR?") == "0");
    test::await([&] { return znb.vna.query("*ESR?") == "1"; });
    REQUIRE(znb.figure("sweeps") == 1);
}

TEST_CASE("an overloaded receiver is told, whether it is one or is said to be") {
    MicrowaveBench amplified = test::small_cavity();
    amplified.nature.path_gain = 15;
    Znb znb(amplified);
    const std::string condition = "STAT:QUES:INT:HARD:COND?";
    znb.sweep();
    REQUIRE(znb.vna.query(condition) == "0");
    znb.vna.write("SOUR:POW -4");
    znb.sweep();
    REQUIRE(znb.vna.query(condition) == "8");
    znb.vna.write("SOUR:POW -10");
    znb.sweep();
    REQUIRE(znb.vna.query(condition) == "0");
    REQUIRE(znb.vna.query("STAT:QUES:INT:HARD?") == "8");
    REQUIRE(znb.vna.query("STAT:QUES:INT:HARD?") == "0");
    znb.bench.misbehave("vna", {.fault = Fault::overload, .at = 1});
    znb.sweep();
    REQUIRE(znb.vna.query(condition) == "0");
    znb.sweep();
    REQUIRE(znb.vna.query(condition) == "8");
    znb.vna.write("OUTP OFF;*CLS");
    REQUIRE(znb.vna.query(condition + ";EVEN?") == "0;0");
    znb.vna.write("SOUR:POW 14;:OUTP ON");
    REQUIRE(znb.vna.query(condition) == "4");
}

TEST_CASE("a power can become higher than was asked for, until that is released") {
    Znb znb;
    znb.bench.misbehave("vna", {.fault = Fault::power_high, .value = 6});
    znb.vna.write("SOUR:POW -20");
    REQUIRE(znb.vna.number("SOUR:POW?") == -14);
    REQUIRE(znb.bench.status("vna").outputs.at(0).dbm == -14);
    znb.bench.release("vna");
    znb.vna.write("SOUR:POW -20");
    REQUIRE(znb.vna.number("SOUR:POW?") == -20);
    REQUIRE_THROWS_WITH(znb.bench.misbehave("vna", {.fault = Fault::power_high, .value = 1000}),
                        Catch::Contains("value: 1000; valid is"));
}

TEST_CASE("somebody at the front panel changes what the instrument is set to") {
    Znb znb;
    znb.bench.misbehave("vna", {.fault = Fault::panel, .text = "SOUR:POW -5;:SENS:BAND 1000"});
    REQUIRE(znb.vna.query("SOUR:POW?;:SENS:BAND?;:SYST:ERR?") ==
            "-5.00000000000E+00;1.00000000000E+03;0,\"No error\"");
    znb.bench.misbehave("vna", {.fault = Fault::panel, .at = 1, .text = "OUTP OFF"});
    REQUIRE(znb.vna.query("OUTP?") == "1");
    REQUIRE(znb.vna.query("OUTP?") == "0");
    REQUIRE_THROWS_WITH(znb.bench.misbehave("vna", {.fault = Fault::panel, .text = "SOUR:POW 99"}),
                        Catch::Contains("text: 'SOUR:POW 99': Data out of range"));
    REQUIRE_THROWS_WITH(znb.bench.misbehave("vna", {.fault = Fault::panel}),
                        Catch::Contains("text: missing"));
    znb.clean();
}

TEST_CASE("a VNA that was switched off and on has RF off, nothing that was set, and its files") {
    Znb znb(slow());
    REQUIRE(znb.figure("rf_on") == 1);
    znb.vna.write("INIT;*OPC?"); // whoever waits for it waits in vain
    znb.bench.misbehave("vna", {.fault = Fault::power_cycle});
    REQUIRE(znb.vna.closed());
    const bench::InstrumentStatus status = znb.bench.status("vna");
    REQUIRE_FALSE(status.outputs.at(0).on);
    ScpiClient again(znb.bench.addresses().at(0));
    REQUIRE(again.query("OUTP?;:SENS:SWE:POIN?;:INIT:CONT?") == "0;201;1");
    again.write("MMEM:LOAD:STAT 1,'cavity.znxml'");
    REQUIRE(again.query("SENS:SWE:POIN?;:SENS:CORR?;:OUTP?;:SYST:ERR?") == "5;1;0;0,\"No error\"");
    REQUIRE(znb.figure("resets") == 0);
    REQUIRE(znb.figure("rf_on") == 1);
    REQUIRE(znb.bench.status("vna").busy.count() < 0.5);
}

TEST_CASE("a VNA on TCP is on no serial line") {
    Znb znb;
    REQUIRE_THROWS_WITH(znb.bench.misbehave("vna", {.fault = Fault::lose}),
                        Catch::Contains("kind: 'lose'; this instrument is on no serial line"));
}
