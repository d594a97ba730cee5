// What the bench measures is what the simulation in the daemon computes, code for code.

#include "sim/bench/electronic/bench.hpp"
#include "sim/physics/electronic/ladder.hpp"

#include "scpi_client.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>

using namespace phyll;
using bench::Bench;
using bench::ElectronicBench;
using test::ScpiClient;

namespace {

constexpr int zero_code = 26214 - 32768; ///< 0 V between -2 V and 3 V
constexpr std::size_t samples = 20;

std::vector<std::int16_t> random_codes(std::uint64_t stimulus) {
    std::vector<std::int16_t> codes;
    const KeyedRandom random(17, "codes");
    for (std::size_t k = 0; k < samples; ++k) {
        codes.push_back(
            static_cast<std::int16_t>(static_cast<int>(random.below(65536, stimulus, k)) - 32768));
    }
    return codes;
}

/// What the in-process simulation reads, in V.
std::vector<float> computed(const std::vector<std::int16_t>& codes) {
    const physics::ElectronicLadder ladder{physics::ElectronicParameters{}};
    std::vector<float> x;
    for (const std::int16_t code : codes) {
        x.push_back(static_cast<float>((code + 32768) / 65535.0));
    }
    std::vector<float> y(ladder.n_out());
    Workers workers(1);
    ladder.respond(ConstBlock(x.data(), samples, 1), Block(y.data(), y.size(), 1), workers, {});
    return y;
}

/// A Keysight pair that plays one code per 100 us, after one of rest, and records 2.5 ms.
class Pair {
  public:
    explicit Pair(Bench& bench) : generator(bench.addresses()[0]), digitiser(bench.addresses()[1]) {
        generator.write("*RST;:OUTP:LOAD INF;:VOLT:LOW -2;HIGH 3;:FUNC ARB;:FUNC:ARB:FILT OFF");
        generator.write("BURS:MODE TRIG;NCYC 1;STAT ON;:TRIG:SOUR BUS;:OUTP:TRIG ON;:OUTP ON");
        digitiser.write("*RST;:STOP;:TIM:REF LEFT;POS 2.35E-6;RANG 2.5E-3");
        digitiser.write(":CHAN1:PROB 1;DISP ON;RANG 2;OFFS 0;:CHAN2:PROB 1;DISP ON;RANG 2;OFFS 0");
        digitiser.write(":CHAN3:PROB 1;DISP ON;RANG 8;OFFS 0;:CHAN4:PROB 1;DISP ON;RANG 2;OFFS 0");
        digitiser.write(":TRIG:MODE EDGE;EDGE:SOUR EXT;LEV 1;SLOP POS;:TRIG:SWE NORM");
        digitiser.write(":WAV:FORM WORD;BYT LSBF;POIN:MODE RAW;:WAV:POIN 2500");
    }

    void play(const std::vector<std::int16_t>& codes) {
        std::string bytes = test::int16_bytes(zero_code, true);
        for (const std::int16_t code : codes) {
            bytes += test::int16_bytes(code, true);
        }
        bytes += test::int16_bytes(zero_code, true);
        generator.write("DATA:VOL:CLE;:DATA:ARB:DAC w," + test::block(bytes));
        generator.write("FUNC:ARB \"W\";:FUNC:ARB:SRAT 1E4");
        digitiser.write(":SING");
        REQUIRE(digitiser.query(":OPER:COND?") == "+40");
        generator.write("*TRG");
        REQUIRE(generator.query("*OPC?;:SYST:ERR?") == "1;+0,\"No error\"");
    }

    /// 12-bit codes.
    std::vector<unsigned> read(unsigned channel) {
        digitiser.write(":WAV:SOUR CHAN" + std::to_string(channel));
        const std::string bytes = digitiser.query(":WAV:DATA?");
        REQUIRE(bytes.size() == 5000);
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

} // namespace

TEST_CASE("at the end of each hold the bench reads the code that the simulation computes") {
    Bench bench(*bench::electronic_plan({}));
    Pair pair(bench);
    const physics::ElectronicParameters parameters;
    const physics::Adc adc(parameters.adc_bits, physics::adc_range_of(parameters));
    std::set<unsigned> seen;
    for (std::uint64_t stimulus = 0; stimulus < 20; ++stimulus) {
        const auto codes = random_codes(stimulus);
        pair.play(codes);
        const std::vector<unsigned> nodes[]{pair.read(1), pair.read(2)};
        const std::vector<float> expected = computed(codes);
        const auto readings = physics::readings_of(parameters);
        for (std::size_t k = 0; k < readings.size(); ++k) {
            const unsigned code =
                nodes[readings[k].node == 1 ? 0 : 1][(readings[k].sample + 1) * 100];
            REQUIRE(static_cast<float>(adc.offset() + adc.step() * code) == expected[k]);
            seen.insert(code);
        }
    }
    REQUIRE(seen.size() > 100);
}
