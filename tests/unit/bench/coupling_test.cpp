// What the bench measures is what the simulation in the daemon computes, code for code.

#include "drivers/core/random.hpp"
#include "sim/bench/electronic/electronic_bench.hpp"
#include "sim/physics/electronic/ladder.hpp"
#include "tests/unit/bench/pair.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>
#include <set>

using namespace phyll;
using bench::Bench;
using bench::ElectronicBench;
using test::KeysightPair;

namespace {

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

/// Noise that a record holds, in V: what is read less what is read without noise.
std::vector<double> noise_of(KeysightPair& pair, unsigned channel) {
    pair.play(std::vector<std::int16_t>(samples, KeysightPair::zero_code));
    std::vector<double> noise;
    for (const unsigned code : pair.read(channel)) {
        noise.push_back((code - 2048.0) * 2 / 4096);
    }
    return noise;
}

double root_mean_square(const std::vector<double>& values) {
    const double squares = std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
    return std::sqrt(squares / static_cast<double>(values.size()));
}

} // namespace

TEST_CASE("at the end of each hold the bench reads the code that the simulation computes") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    const physics::ElectronicParameters parameters;
    const physics::Adc adc(parameters.adc_bits, physics::adc_range_of(parameters));
    REQUIRE(adc.step() == 2.0 / 4096);
    std::set<unsigned> seen;
    for (std::uint64_t stimulus = 0; stimulus < 20; ++stimulus) {
        const auto codes = random_codes(stimulus);
        pair.play(codes);
        const std::vector<unsigned> nodes[]{pair.read(1), pair.read(2)};
        const std::vector<float> expected = computed(codes);
        const auto readings = physics::readings_of(parameters);
        for (std::size_t k = 0; k < readings.size(); ++k) {
            const unsigned code = nodes[readings[k].node == 1 ? 0 : 1]
                                       [(readings[k].sample + 1) * KeysightPair::points_a_hold];
            REQUIRE(static_cast<float>(adc.offset() + adc.step() * code) == expected[k]);
            seen.insert(code);
        }
    }
    REQUIRE(seen.size() > 100);
    REQUIRE(bench.status("digitiser").figures.at(0).value == 20);
}

TEST_CASE("the monitor sees the output point by point, and the open channel nothing") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    const auto codes = random_codes(1);
    pair.play(codes);
    const std::vector<unsigned> monitor = pair.read(3);
    const auto at = [&](double volts) {
        return static_cast<unsigned>(std::nearbyint((volts + 4) / (8.0 / 4096)));
    };
    for (std::size_t i = 0; i < KeysightPair::points; ++i) {
        const std::size_t point = i / KeysightPair::points_a_hold;
        const bool holds = point >= 1 && point <= samples;
        const double volts = holds ? -2 + 5 * (codes[point - 1] + 32768) / 65535.0 : 0.0;
        REQUIRE(monitor[i] == at(volts));
    }
    REQUIRE(pair.read(4) == std::vector<unsigned>(KeysightPair::points, 2048));
}

TEST_CASE("an output that is off drives nothing, and triggers all the same") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    pair.generator.write("OUTP OFF");
    pair.play(std::vector<std::int16_t>(samples, 32767));
    REQUIRE(pair.read(1) == std::vector<unsigned>(KeysightPair::points, 2048));
    REQUIRE(pair.read(3) == std::vector<unsigned>(KeysightPair::points, 2048));
    pair.generator.write("OUTP ON");
    pair.trigger();
    REQUIRE(pair.read(1)[2000] > 2100);
}

TEST_CASE("before a burst the ladder has settled at the voltage of the output") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    std::string bytes;
    for (int i = 0; i < 8; ++i) {
        bytes += test::int16_bytes(32767, true);
    }
    pair.generator.write("DATA:ARB:DAC high," + test::block(bytes) + ";:FUNC:ARB HIGH");
    pair.trigger();
    const physics::ElectronicParameters parameters;
    const auto settled = physics::steady_state(physics::nominal_components(parameters), 3.0);
    const std::vector<unsigned> node = pair.read(1);
    for (const unsigned code : node) {
        REQUIRE(code == std::nearbyint((settled[0] + 1) / (2.0 / 4096)));
    }
}

TEST_CASE("a record that is too long to be computed is an error, and nothing worse") {
    Bench bench(*bench::electronic_plan({}));
    KeysightPair pair(bench);
    pair.load(random_codes(1));
    pair.generator.write("FUNC:ARB:SRAT 1E-6;:BURS:NCYC 1E8");
    pair.digitiser.write(":TIM:RANG 500;:WAV:POIN 100;SOUR CHAN1");
    pair.trigger();
    REQUIRE(pair.digitiser.query(":WAV:DATA?;:SYST:ERR?").starts_with("-310,\"System error;"));
    // To look for an edge that never comes is given up as well.
    pair.digitiser.write(":TRIG:EDGE:SOUR CHAN3;LEV 9");
    pair.trigger();
    REQUIRE(pair.digitiser.query(":OPER:COND?;:SYST:ERR?").starts_with("+40;-310,"));
    pair.digitiser.write(":TIM:RANG 2.5E-3;:WAV:POIN 2500;:TRIG:EDGE:SOUR EXT;LEV 1");
    pair.trigger();
    REQUIRE(pair.read(1) == std::vector<unsigned>(KeysightPair::points, 2048));
}

TEST_CASE("noise is a function of seed and capture count, and as large as it is said to be") {
    const double rms = 0.01;
    const ElectronicBench options{.nature = {.noise = rms, .seed = 5}};
    Bench bench(*bench::electronic_plan(options));
    KeysightPair pair(bench);
    const std::vector<double> first = noise_of(pair, 1);
    REQUIRE(root_mean_square(first) == Approx(rms).epsilon(0.05));
    const std::vector<unsigned> other_channel = pair.read(2);
    const std::vector<unsigned> again = pair.read(1);
    REQUIRE(again != other_channel);
    const std::vector<double> second = noise_of(pair, 1);
    REQUIRE(second != first);

    Bench repeated(*bench::electronic_plan(options));
    KeysightPair repeated_pair(repeated);
    REQUIRE(noise_of(repeated_pair, 1) == first);
    // What is captured meanwhile, or read in another order, changes nothing.
    static_cast<void>(repeated_pair.read(3));
    REQUIRE(noise_of(repeated_pair, 1) == second);

    ElectronicBench seeded = options;
    seeded.nature.seed = 6;
    Bench reseeded(*bench::electronic_plan(seeded));
    KeysightPair reseeded_pair(reseeded);
    REQUIRE(noise_of(reseeded_pair, 1) != first);
}

TEST_CASE("what cannot be built is refused, naming the option") {
    const auto refused = [](const ElectronicBench& options, const std::string& field) {
        try {
            static_cast<void>(bench::electronic_plan(options));
        } catch (const Error& error) {
            REQUIRE(error.violations().at(0).field == field);
            return;
        }
        FAIL(field);
    };
    refused({.generator = "keysight"}, "generator");
    refused({.digitiser = "tektronix"}, "digitiser");
    refused({.circuit = {.stages = 0}}, "stages");
    refused({.nature = {.noise = -1}}, "noise");
    refused({.transfer_time = Seconds(-1)}, "transfer-time");
    refused({.latency = Seconds(-1)}, "latency");
}
