// The virtual PNA's language, by a client that knows nothing of it but its help.

#include "tests/support/await.hpp"
#include "tests/unit/bench/microwave_pair.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace phyll;
using bench::Fault;
using test::MicrowavePair;

namespace {

const std::string fine = "+0,\"No error\"";

bench::MicrowaveBench pna_bench() {
    bench::MicrowaveBench bench = test::small_cavity();
    bench.vna = "keysight-pna";
    return bench;
}

/// A PNA that is set up to measure S21 where the cavity is known, and holds.
struct Pna : MicrowavePair {
    explicit Pna(const bench::MicrowaveBench& microwave = pna_bench()) : MicrowavePair(microwave) {
        vna.write("*CLS;:SENS1:SWE:MODE HOLD;:SENS:FREQ:STAR 4.68E9;STOP 5.72E9;:SENS:SWE:POIN 5");
        vna.write("SENS1:BWID 1E4;:SOUR1:POW1 -10;:CALC1:PAR:DEF:EXT 'phyll','S21'");
        vna.write("CALC1:PAR:SEL 'phyll';:FORM REAL,64;:FORM:BORD SWAP;:OUTP ON");
        REQUIRE(vna.query("SYST:ERR?") == fine);
    }
    std::vector<std::complex<double>> s21() { return block_pairs("CALC1:DATA? SDATA"); }
};

} // namespace

TEST_CASE("keysight-pna measures what the simulated rig answers, bit for bit") {
    Pna pna;
    REQUIRE(pna.vna.query("*IDN?").starts_with("Keysight Technologies,N5222B,PHYLLSIM-V"));
    REQUIRE(pna.vna.query("*IDN?").ends_with(",A.15.75.19"));
    const test::Bits bits{0, 1, 1, 0, 1, 0, 0, 0, 1, 1};
    pna.show(bits);
    REQUIRE(pna.vna.query("SENS:SWE:MODE SING;*OPC?;:SENS:SWE:MODE?") == "1;HOLD");
    REQUIRE(pna.s21() == test::computed_s21(pna_bench(), bits));
    pna.vna.write("FORM ASC,0");
    REQUIRE(pna.numbers("CALC:DATA? SDATA").size() == 10);
    REQUIRE(pna.vna.query("SENS:FREQ:STAR?") == "+4.68000000000E+09");
    REQUIRE(pna.vna.query("SYST:ERR?") == fine);
}

TEST_CASE("keysight-pna takes triggers as its mode and its source say") {
    Pna pna;
    auto& vna = pna.vna;
    vna.write("INIT:IMM");
    REQUIRE(vna.query("SYST:ERR?").starts_with("-213"));
    vna.write("TRIG:SOUR MAN");
    REQUIRE(vna.query("INIT:CONT?;:INIT;*OPC?") == "0;1"); // held: nobody takes it
    REQUIRE(pna.figure("sweeps") == 0);
    vna.write("*CLS;:SENS:SWE:MODE SING;*OPC");
    REQUIRE(vna.query("*ESR?") == "0");
    vna.write("INIT1:IMM");
    REQUIRE(vna.query("*ESR?;:SENS:SWE:MODE?") == "1;HOLD");
    vna.write("SENS:SWE:GRO:COUN 3;:SENS:SWE:MODE GRO;:INIT");
    REQUIRE(vna.query("*OPC?;:SENS:SWE:MODE?") == "1;HOLD");
    REQUIRE(pna.figure("sweeps") == 4);
    vna.write("SENS:SWE:MODE CONT;*TRG");
    REQUIRE(vna.query("*OPC?;:SENS:SWE:MODE?") == "1;CONT");
    REQUIRE(pna.figure("sweeps") == 5);
    vna.write("INIT:CONT ON");
    REQUIRE(vna.query("TRIG:SOUR?") == "IMM");
    REQUIRE(pna.s21().size() == 5);
    vna.write("*TRG");
    REQUIRE(vna.query("SYST:ERR?").starts_with("-211"));
    REQUIRE(vna.query("SYST:ERR?") == fine);
}

TEST_CASE("keysight-pna waits with *OPC? for a sweep that takes its time") {
    bench::MicrowaveBench slow = pna_bench();
    slow.nature.sweep_time = 0.6 / (5 * 1.2 / 1e4);
    Pna pna(slow);
    pna.bench.misbehave("vna", {.fault = Fault::finished});
    pna.vna.write("*CLS;:SENS:SWE:MODE SING;*OPC");
    REQUIRE(pna.vna.query("*ESR?") == "1"); // of the sweep before
    REQUIRE(pna.vna.query("*ESR?") == "0");
    REQUIRE(pna.vna.query("*OPC?") == "1");
    REQUIRE(pna.figure("sweeps") == 1);
    REQUIRE(pna.vna.query("*ESR?") == "1");
    pna.vna.write("SENS:SWE:MODE SING;:ABOR");
    REQUIRE(pna.vna.query("*OPC?;:SENS:SWE:MODE?") == "1;HOLD");
    REQUIRE(pna.figure("sweeps") == 1);
}

TEST_CASE("keysight-pna keeps its power within its limits") {
    Pna pna;
    auto& vna = pna.vna;
    REQUIRE(vna.number("SYST:POW1:LIM?") == 100);
    vna.write("SYST:POW1:LIM -5;LIM:STAT ON");
    REQUIRE(vna.number("SYSTem:POWer1:LIMit?") == -5);
    REQUIRE(vna.query("SYST:POW1:LIM:STAT?;:SYST:POW2:LIM:STAT?") == "1;0");
    vna.write("SOUR:POW 0");
    REQUIRE(vna.query("SYST:ERR?") == "-222,\"Data out of range;power limit\"");
    REQUIRE(vna.number("SOUR1:POW2:LEV:IMM:AMPL?") == -5);
    vna.write("SYST:POW1:LIM -20");
    REQUIRE(vna.number("SOUR:POW?") == -20);
    vna.write("SYST:PRES");
    REQUIRE(vna.number("SYST:POW1:LIM?") == -20);
    REQUIRE(vna.query("OUTP?;:SENS:CORR?;:SENS:SWE:MODE?;:SYST:ERR?") == "1;0;CONT;" + fine);
    REQUIRE(pna.figure("resets") == 1);
}

TEST_CASE("keysight-pna queues an error for an overloaded receiver, and says what is unleveled") {
    Pna pna;
    pna.bench.misbehave("vna", {.fault = Fault::overload});
    REQUIRE(pna.vna.query("SENS:SWE:MODE SING;*OPC?;:STAT:QUES:INT:HARD:COND?") == "1;0");
    REQUIRE(pna.vna.query("SYST:ERR?") ==
            "-300,\"Device-specific error;Receiver overload at port 2\"");
    REQUIRE(pna.vna.query("SYST:ERR?") == fine);
    pna.vna.write("SOUR:POW 15");
    REQUIRE(pna.vna.query("STAT:QUES:INT:HARD:COND?;EVEN?;EVEN?") == "4;4;0");
}

TEST_CASE("keysight-pna keeps measurements by name, and setups with their calibration in files") {
    Pna pna;
    auto& vna = pna.vna;
    REQUIRE(vna.query("CALC:PAR:CAT:EXT?;:CALC:PAR:SEL?") ==
            "\"CH1_S11_1,S11,phyll,S21\";\"phyll\"");
    vna.write("CALC:PAR:DEF:EXT 'phyll','S11'");
    REQUIRE(vna.query("SYST:ERR?").starts_with("-221"));
    vna.write("CALC:PAR:DEL 'phyll';:CALC:PAR:DEL:ALL");
    REQUIRE(vna.query("CALC:PAR:CAT:EXT?") == "\"NO CATALOG\"");
    const std::string bytes = vna.query("MMEM:TRAN? 'cavity.csa'");
    REQUIRE(bytes.size() >= 2000);
    vna.write("SENS:CORR ON");
    REQUIRE(vna.query("SYST:ERR?").starts_with("-221"));
    vna.write("MMEM:LOAD 'D:/cavity.csa'");
    REQUIRE(vna.query("SENS:CORR?;:OUTP?;:SENS:SWE:POIN?;:SENS:SWE:MODE?") == "1;0;5;CONT");
    vna.write("SOUR:POW -33;:MMEM:STOR:CSAR 'mine.csa';:MMEM:LOAD:CSAR 'cavity.csa'");
    REQUIRE(vna.number("SOUR:POW?") == -10);
    vna.write("MMEM:LOAD 'mine.csa'");
    REQUIRE(vna.number("SOUR:POW?") == -33);
    REQUIRE(vna.query("SYST:ERR?") == fine);
    vna.write("MMEM:LOAD 'nothing.csa'");
    REQUIRE(vna.query("SYST:ERR?").starts_with("-256"));
}
