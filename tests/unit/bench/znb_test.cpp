// The virtual ZNB's language, by a client that knows nothing of it but its manual.

#include "tests/unit/bench/microwave_pair.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace phyll;
using test::MicrowavePair;

namespace {

const std::string fine = "0,\"No error\"";

} // namespace

TEST_CASE("rohde-schwarz-znb is set and asked in long and in short forms") {
    MicrowavePair pair;
    auto& znb = pair.vna;
    REQUIRE(znb.query("*IDN?").starts_with("Rohde-Schwarz,ZNB8-2Port,PHYLLSIM-V"));
    REQUIRE(znb.query("*IDN?").ends_with(",3.10"));
    znb.write(":SENSe1:FREQuency:STARt 4E9;STOP 5E9;:SENSe1:SWEep:POINts 11;TYPE LINear;COUNt 2");
    REQUIRE(znb.number("SENS:FREQ:STAR?") == 4e9);
    REQUIRE(znb.number("FREQ:CENT?") == 4.5e9);
    REQUIRE(znb.number("FREQ:SPAN?") == 1e9);
    REQUIRE(znb.query("SWE:POIN?;TYPE?;COUN?") == "11;LIN;2");
    REQUIRE(znb.number("FREQ:STAR? MIN") == 9e3);
    REQUIRE(znb.number("FREQ:STOP? MAX") == 8.5e9);
    znb.write("FREQ:STAR 6E9");
    REQUIRE(znb.number("FREQ:STOP?") == 6e9);
    znb.write("FREQ:CENT 5E9;SPAN 2E9");
    REQUIRE(znb.number("FREQ:STAR?") == 4e9);
    znb.write("SOUR1:POW2:LEV:IMM:AMPL MIN");
    REQUIRE(znb.number("SOURce1:POWer1?") == -55);
    znb.write("SENS:BWID:RES 1000");
    REQUIRE(znb.number("BAND?") == 1000);
    znb.write("AVER:COUN 4;STAT ON;:TRIG:SOUR MAN");
    REQUIRE(znb.query("AVER?;AVER:COUN?;:TRIG1:SEQ:SOUR?;:SYST:ERR?") == "1;4;MAN;" + fine);
}

TEST_CASE("rohde-schwarz-znb refuses what it cannot do") {
    MicrowavePair pair;
    auto& znb = pair.vna;
    const auto refused = [&](const std::string& command, const std::string& error) {
        INFO(command);
        znb.write(command);
        REQUIRE(znb.query("SYST:ERR?").starts_with(error));
        REQUIRE(znb.query("SYST:ERR?") == fine);
    };
    refused("SOUR:POW 99", "-222");
    refused("SENS2:FREQ:STAR 1E9", "-114");
    refused("SENS:SWE:POIN 1", "-222");
    refused("SENS:CORR ON", "-221");
    refused("CALC:PAR:SDEF 'a','S31'", "-224");
    refused("CALC:PAR:SEL 'nobody'", "-224");
    refused("CALC:PAR:DEL 'nobody'", "-224");
    refused("MMEM:LOAD:STAT 1,'nothing.znxml'", "-256");
    refused("MMEM:LOAD:STAT 2,'cavity.znxml'", "-222");
    refused("FORM REAL,16", "-224");
    refused("INIT", "-213");
    refused("*TRG", "-211");
    refused("SENS:SWE:MODE SING", "-113");
    znb.write("INIT:CONT OFF;:CALC:PAR:DEL 'Trc1'");
    refused("CALC:DATA? SDAT;*OPC", "-221");
}

TEST_CASE("rohde-schwarz-znb keeps traces by name") {
    MicrowavePair pair;
    auto& znb = pair.vna;
    REQUIRE(znb.query("CALC:PAR:CAT?;SEL?") == "'Trc1,S11';'Trc1'");
    znb.write("CALC1:PAR:SDEF \"phyll\",'S21'");
    REQUIRE(znb.query("CALC:PAR:CAT?;SEL?") == "'Trc1,S11,phyll,S21';'phyll'");
    znb.write("CALC:PAR:SEL 'Trc1';DEL 'phyll'");
    REQUIRE(znb.query("CALC:PAR:CAT?;SEL?;:SYST:ERR?") == "'Trc1,S11';'Trc1';" + fine);
    znb.write("CALC:PAR:DEL:ALL");
    REQUIRE(znb.query("CALC:PAR:CAT?") == "''");
}

TEST_CASE("rohde-schwarz-znb gives data in every format, with their frequencies") {
    MicrowavePair pair;
    auto& znb = pair.vna;
    znb.write("INIT:CONT OFF;:FREQ:STAR 4.68E9;STOP 5.72E9;:SWE:POIN 5;:OUTP ON");
    znb.write("CALC:PAR:SDEF 'phyll','S21'");
    REQUIRE(znb.query("INIT;*OPC?;:FORM?;:FORM:BORD?") == "1;ASC,0;SWAP");
    const std::vector<double> ascii = pair.numbers("CALC:DATA? SDAT");
    REQUIRE(ascii.size() == 10);
    znb.write("FORM REAL,64");
    const std::string block = znb.query("CALC1:DATA? SDATA");
    REQUIRE(block.size() == 80);
    REQUIRE(test::numbers_in<double>(block).size() == ascii.size());
    for (std::size_t i = 0; i < ascii.size(); ++i) {
        REQUIRE(test::numbers_in<double>(block)[i] == Approx(ascii[i]).epsilon(1e-10));
    }
    znb.write("FORM:BORD NORM");
    std::string turned = znb.query("CALC1:DATA? SDATA");
    for (std::size_t at = 0; at < turned.size(); at += 8) {
        std::reverse(turned.begin() + static_cast<std::ptrdiff_t>(at),
                     turned.begin() + static_cast<std::ptrdiff_t>(at + 8));
    }
    REQUIRE(turned == block);
    znb.write("FORM REAL,32;:FORM:BORD SWAP");
    const std::vector<double> single = test::numbers_in<float>(znb.query("CALC:DATA? SDAT"));
    REQUIRE(single == test::numbers_in<double>(block));
    REQUIRE(test::numbers_in<float>(znb.query("CALC:DATA? FDAT")).size() == 5);
    znb.write("FORM ASC;:CALC:FORM MLIN");
    REQUIRE(pair.numbers("CALC:DATA? FDAT")[0] ==
            Approx(std::abs(std::complex(ascii[0], ascii[1]))));
    const std::vector<double> frequencies = pair.numbers("CALC:DATA:STIM?");
    REQUIRE(frequencies == std::vector<double>{4.68e9, 4.94e9, 5.2e9, 5.46e9, 5.72e9});
    REQUIRE(znb.query("SYST:ERR?") == fine);
}

TEST_CASE("rohde-schwarz-znb recalls a setup, its calibration and its traces, and stores more") {
    MicrowavePair pair;
    auto& znb = pair.vna;
    const std::string bytes = znb.query("MMEM:DATA? 'cavity.znxml'");
    REQUIRE(bytes.size() >= 2000);
    REQUIRE(bytes == MicrowavePair().vna.query("MMEM:DATA? 'cavity.znxml'"));
    znb.write("CALC:PAR:SDEF 'mine','S12';:OUTP ON;:INIT:CONT OFF");
    znb.write("MMEM:LOAD:STAT 1,'C:\\setups\\Cavity.znxml'");
    REQUIRE(znb.number("FREQ:STAR?") == 4.68e9);
    REQUIRE(znb.number("SOUR:POW?") == -10);
    REQUIRE(znb.query("SWE:POIN?;:SENS:CORR:STAT?;:OUTP?;:CALC:PAR:CAT?") == "5;1;0;'Trc1,S21'");
    znb.write("FREQ:STAR 4.8E9");
    REQUIRE(znb.query("SENS:CORR?") == "1");
    znb.write("SENS:CORR OFF;CORR ON;:SOUR:POW -20;:MMEM:STOR:STAT 1,'other.znxml'");
    REQUIRE(znb.query("MMEM:DATA? 'other.znxml'") != bytes);
    znb.write("FREQ:STAR 4.5E9");
    REQUIRE(znb.query("SENS:CORR?") == "0");
    znb.write("MMEM:LOAD:STAT 1,'other.znxml'");
    REQUIRE(znb.number("SOUR:POW?") == -20);
    REQUIRE(znb.query("SENS:CORR?;:SYST:ERR?") == "1;" + fine);
    znb.write("MMEM:DATA 'copy.znxml'," + test::block(bytes) + ";:MMEM:LOAD:STAT 1,'copy.znxml'");
    REQUIRE(znb.number("SOUR:POW?") == -10);
    znb.write("MMEM:DATA 'letter.txt',#15hello;:MMEM:LOAD:STAT 1,'letter.txt'");
    REQUIRE(znb.query("MMEM:DATA? 'letter.txt'") == "hello");
    REQUIRE(znb.query("SYST:ERR?") == "-250,\"Mass storage error;letter.txt\"");
    REQUIRE(znb.query("SYST:ERR?") == fine);
}

TEST_CASE("rohde-schwarz-znb's *RST loses the calibration and switches RF on") {
    MicrowavePair pair;
    auto& znb = pair.vna;
    REQUIRE(znb.query("OUTP?") == "0");
    znb.write("MMEM:LOAD:STAT 1,'cavity.znxml'");
    const std::string reset = GENERATE("*RST", "SYST:PRES");
    znb.write(reset);
    REQUIRE(znb.query("OUTP?;:SENS:CORR?;:SWE:POIN?;:INIT:CONT?") == "1;0;201;1");
    znb.write("SENS:CORR ON");
    REQUIRE(znb.query("SYST:ERR?").starts_with("-221"));
    REQUIRE(pair.figure("resets") == 1);
    REQUIRE(pair.figure("rf_on") == 1);
}

TEST_CASE("rohde-schwarz-znb sweeps when it is triggered, and always when it sweeps continuously") {
    MicrowavePair pair;
    auto& znb = pair.vna;
    REQUIRE(pair.pairs("CALC:DATA? SDAT").size() == 201);
    znb.write("INIT:CONT OFF;:TRIG:SOUR MAN;:INIT;*OPC");
    REQUIRE(znb.query("*ESR?") == "128");
    znb.write("*TRG");
    REQUIRE(znb.query("*ESR?;*OPC?;:SYST:ERR?") == "1;1;" + fine);
    REQUIRE(pair.figure("sweeps") == 1);
    znb.write("SWE:COUN 3;:TRIG:SOUR IMM;:INIT");
    REQUIRE(znb.query("*OPC?;:CALC:DATA:NSW:COUN?;:SYST:ERR?") == "1;3;" + fine);
    REQUIRE(pair.figure("sweeps") == 4);
}
