// What a simulated instrument gives before responses are made of it.

#include "drivers/core/raw_samples.hpp"
#include "sim/rigs/decorators/disturbance.hpp"
#include "sim/rigs/decorators/timed.hpp"
#include "sim/rigs/microwave/microwave.pb.h"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <complex>
#include <cstring>
#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::test;

namespace {

constexpr std::size_t samples = 20; // more than a tile of any device has

/// Every third sample from the second on.
RawSamples some() {
    std::vector<bool> wanted(samples);
    for (std::size_t i = 1; i < samples; i += 3) {
        wanted[i] = true;
    }
    return RawSamples(wanted);
}

std::vector<std::complex<float>> numbers_of(const RawSamples::Sample& sample) {
    std::vector<std::complex<float>> numbers(sample.bytes.size() / sizeof(std::complex<float>));
    std::memcpy(numbers.data(), sample.bytes.data(), numbers.size() * sizeof(std::complex<float>));
    return numbers;
}

/// The responses, which are the same whether something is kept raw or not.
OwnedBlock answer_and_keep(PhysicalLayer& layer, RawSamples& raw, std::uint64_t age = 0) {
    const OwnedBlock x = uniform_stimuli(layer.spec(), samples);
    QueryContext context = with_number(1, 0, age);
    const OwnedBlock without = answer(layer, x, context);
    context.raw = &raw;
    OwnedBlock y = answer(layer, x, context);
    REQUIRE(same_bits(y.view(), without.view()));
    return y;
}

void require_places(const RawSamples& raw, const std::string& type) {
    REQUIRE(raw.kept().size() == 7);
    for (std::size_t j = 0; j < raw.kept().size(); ++j) {
        REQUIRE(raw.kept()[j].sample == 1 + 3 * j);
        REQUIRE(raw.kept()[j].type == type);
    }
}

void require_sizes(const RawSamples& raw, const OwnedBlock& y) {
    for (const RawSamples::Sample& sample : raw.kept()) {
        const auto numbers = numbers_of(sample);
        REQUIRE(numbers.size() == y.channels());
        for (std::size_t k = 0; k < numbers.size(); ++k) {
            REQUIRE(std::abs(numbers[k]) == Approx(y.sample(sample.sample)[k]).epsilon(1e-5));
        }
    }
}

std::unique_ptr<sim::SimulatedRig> microwave_rig(const std::string& response, Workers& workers) {
    sim::v1::MicrowaveOptions options;
    options.set_points(19); // no whole number of registers
    options.set_response(response);
    return kind_named("microwave").make(options, {.seed = 1, .workers = &workers});
}

} // namespace

TEST_CASE("a microwave response is made of the sweep that is kept") {
    Workers workers(2);
    RawSamples raw = some();
    SECTION("abs") {
        const auto rig = microwave_rig("abs", workers);
        const OwnedBlock y = answer_and_keep(*rig, raw);
        require_places(raw, "complex64 S21 sweep, 19 points");
        require_sizes(raw, y);
    }
    SECTION("complex") {
        const auto rig = microwave_rig("complex", workers);
        const OwnedBlock y = answer_and_keep(*rig, raw);
        require_places(raw, "complex64 S21 sweep, 19 points");
        for (const RawSamples::Sample& sample : raw.kept()) {
            const auto sweep = numbers_of(sample);
            for (std::size_t k = 0; k < sweep.size(); ++k) {
                REQUIRE(sweep[k].real() == y.sample(sample.sample)[2 * k]);
                REQUIRE(sweep[k].imag() == y.sample(sample.sample)[2 * k + 1]);
            }
        }
    }
}

TEST_CASE("an acoustic response is the size of the amplitudes that are kept") {
    Workers workers(2);
    RawSamples raw = some();
    const auto rig = default_rig("acoustic", workers);
    const OwnedBlock y = answer_and_keep(*rig, raw);
    require_places(raw, "complex64 amplitudes of the pressure, 20 bins, Pa");
    require_sizes(raw, y);
}

TEST_CASE("samples that are kept have their place in the block, however it is cut") {
    Workers workers(1);
    SystemClock clock;
    // Steps of 4 samples, beginning within one, in slices of 7.
    sim::Timed rig(std::make_unique<sim::Disturbance>(microwave_rig("abs", workers), 0.05, 1024, 1),
                   clock, 7);
    RawSamples raw = some();
    const OwnedBlock y = answer_and_keep(rig, raw, 1001);
    require_places(raw, "complex64 S21 sweep, 19 points");
    require_sizes(raw, y);
}

TEST_CASE("a rig that has nothing but its responses keeps nothing") {
    const std::string kind = GENERATE(as<std::string>(), "echo", "electronic", "optical");
    Workers workers(1);
    RawSamples raw = some();
    const auto rig = default_rig(kind, workers);
    static_cast<void>(answer_and_keep(*rig, raw));
    REQUIRE(raw.kept().empty());
}
