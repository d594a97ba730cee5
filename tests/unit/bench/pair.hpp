#pragma once

#include "sim/bench/server/bench.hpp"
#include "tests/unit/bench/scpi_client.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace phyll::test {

/// Clients of a Keysight pair, set up to play one code per 100 us after one of 0 V, and to record
/// 2.5 ms of it, point i at i us after the waveform's beginning.
class KeysightPair {
  public:
    static constexpr std::int16_t zero_code = 26214 - 32768; ///< 0 V between -2 V and 3 V
    static constexpr std::size_t points = 2500;
    static constexpr std::size_t points_a_hold = 100;

    explicit KeysightPair(const bench::Bench& bench)
        : generator(bench.addresses().at(0)), digitiser(bench.addresses().at(1)) {
        set_up();
    }

    void set_up() {
        generator.write("*RST;:OUTP:LOAD INF;:VOLT:LOW -2;HIGH 3;:FUNC ARB;:FUNC:ARB:FILT OFF");
        generator.write("BURS:MODE TRIG;NCYC 1;STAT ON;:TRIG:SOUR BUS;:OUTP:TRIG ON;:OUTP ON");
        digitiser.write("*RST;:STOP;:TIM:REF LEFT;POS 2.35E-6;RANG 2.5E-3");
        digitiser.write(":CHAN1:PROB 1;DISP ON;RANG 2;OFFS 0;:CHAN2:PROB 1;DISP ON;RANG 2;OFFS 0");
        digitiser.write(":CHAN3:PROB 1;DISP ON;RANG 8;OFFS 0;:CHAN4:PROB 1;DISP ON;RANG 2;OFFS 0");
        digitiser.write(":TRIG:MODE EDGE;EDGE:SOUR EXT;LEV 1;SLOP POS;:TRIG:SWE NORM");
        digitiser.write(":WAV:FORM WORD;BYT LSBF;POIN:MODE RAW;:WAV:POIN 2500");
        clean();
    }

    void clean() {
        REQUIRE(generator.query("SYST:ERR?") == "+0,\"No error\"");
        REQUIRE(digitiser.query("SYST:ERR?") == "+0,\"No error\"");
    }

    void load(const std::vector<std::int16_t>& codes) {
        std::string bytes = int16_bytes(zero_code, true);
        for (const std::int16_t code : codes) {
            bytes += int16_bytes(code, true);
        }
        bytes += int16_bytes(zero_code, true);
        generator.write("DATA:VOL:CLE;:DATA:ARB:DAC w," + block(bytes));
        generator.write("FUNC:ARB \"W\";:FUNC:ARB:SRAT 1E4");
    }

    /// Plays what is loaded, without a look at what becomes of it.
    void trigger() {
        digitiser.write(":SING");
        REQUIRE(digitiser.query(":OPER:COND?") == "+40");
        generator.write("*TRG");
        REQUIRE(generator.query("*OPC?") == "1");
    }

    void play(const std::vector<std::int16_t>& codes) {
        load(codes);
        trigger();
        clean();
    }

    /// 12-bit codes of a channel.
    std::vector<unsigned> read(unsigned channel) {
        digitiser.write(":WAV:SOUR CHAN" + std::to_string(channel));
        const std::string bytes = digitiser.query(":WAV:DATA?");
        REQUIRE(bytes.size() == 2 * points);
        REQUIRE(digitiser.query(":SYST:ERR?") == "+0,\"No error\"");
        std::vector<unsigned> codes;
        for (std::size_t i = 0; i < bytes.size(); i += 2) {
            const unsigned word = static_cast<unsigned char>(bytes[i]) +
                                  256U * static_cast<unsigned char>(bytes[i + 1]);
            REQUIRE(word % 16 == 0);
            codes.push_back(word / 16);
        }
        return codes;
    }

    ScpiClient generator;
    ScpiClient digitiser;
};

} // namespace phyll::test
