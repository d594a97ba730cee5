// What a perturbed rig promises, whatever its physics: it says that it is one, its responses can
// be, and it is as far from nominal on stimuli that the search has not seen.
#include "sim/physics/acoustic/geometry.hpp"
#include "sim/physics/acoustic/integrator.hpp"
#include "sim/rigs/acoustic/acoustic.pb.h"
#include "sim/rigs/acoustic/acoustic_rig.hpp"
#include "sim/rigs/decorators/disturbance.hpp"
#include "sim/rigs/decorators/disturbed.hpp"
#include "sim/rigs/microwave/microwave.pb.h"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

using namespace phyll;
using namespace phyll::sim;
using namespace phyll::test;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

constexpr double perturb = 0.2;
/// Enough for the correlation to be told to 0.01: of the acoustic rig it scatters by as much, and
/// by 0.03 at worst, between sets of 300.
constexpr std::size_t samples = 2000;

/// The default one; of the microwave cavity with few frequencies, as it takes long.
std::unique_ptr<SimulatedRig> rig_of(const std::string& kind, Workers& workers) {
    if (kind != "microwave") {
        return default_rig(kind, workers);
    }
    sim::v1::MicrowaveOptions options;
    options.set_points(20);
    return kind_named(kind).make(options, {.seed = 1, .workers = &workers});
}

struct Moments {
    double mean = 0.0;
    double deviation = 0.0;
};

Moments moments_of(const OwnedBlock& y, std::size_t output) {
    Moments m;
    for (std::size_t i = 0; i < y.samples(); ++i) {
        m.mean += static_cast<double>(y.sample(i)[output]) / static_cast<double>(y.samples());
    }
    for (std::size_t i = 0; i < y.samples(); ++i) {
        m.deviation += std::pow(static_cast<double>(y.sample(i)[output]) - m.mean, 2) /
                       static_cast<double>(y.samples());
    }
    m.deviation = std::sqrt(m.deviation);
    return m;
}

/// Of the centred responses, each output divided by its deviation on the nominal device, pooled;
/// written down anew, as what `Probe` measures is what is tested.
double correlation(const OwnedBlock& nominal, const OwnedBlock& moved) {
    double product = 0.0;
    double square = 0.0;
    double moved_square = 0.0;
    for (std::size_t j = 0; j < nominal.channels(); ++j) {
        const Moments m = moments_of(nominal, j);
        const double moved_mean = moments_of(moved, j).mean;
        for (std::size_t i = 0; i < nominal.samples(); ++i) {
            const double z = (static_cast<double>(nominal.sample(i)[j]) - m.mean) / m.deviation;
            const double w = (static_cast<double>(moved.sample(i)[j]) - moved_mean) / m.deviation;
            product += z * w;
            square += z * z;
            moved_square += w * w;
        }
    }
    return product / std::sqrt(square * moved_square);
}

} // namespace

TEST_CASE("a perturbed rig stays within its range and is 0.80 of the nominal one to fresh stimuli",
          "[long]") {
    const std::string kind = GENERATE("acoustic", "electronic", "microwave", "optical");
    CAPTURE(kind);
    Workers workers(2);
    const auto nominal = rig_of(kind, workers);
    Disturbance moved(rig_of(kind, workers), perturb, 0.0, 1);
    const OwnedBlock x = uniform_stimuli(nominal->spec(), samples, 77);
    const OwnedBlock a = answer(*nominal, x);
    const OwnedBlock b = answer(moved, x, with_number(1, 0));
    std::size_t beyond = 0;
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t j = 0; j < b.channels(); ++j) {
            const auto value = static_cast<double>(std::as_const(b).sample(i)[j]);
            const ResponseChannel& output = moved.spec().outputs[j];
            const bool possible =
                std::isfinite(value) && value >= output.minimum && value <= output.maximum;
            beyond += possible ? 0 : 1;
        }
    }
    CHECK(beyond == 0);
    CHECK(correlation(a, b) == Approx(1 - perturb).margin(0.02));
}

TEST_CASE("a perturbed cavity gains no energy that nobody gave it") {
    using Integrator = physics::AcousticIntegrator<double>;
    const std::uint64_t seed = GENERATE(1U, 2U);
    Workers workers(2);
    const Disturbance moved(default_rig("acoustic", workers), perturb, 0.0, seed);
    const physics::AcousticParameters p = acoustic_parameters(sim::v1::AcousticOptions());
    const Integrator integrator(p, displaced_geometry(p, moved.offsets(0)));
    Integrator::Tile tile = integrator.new_tile();
    const KeyedRandom random(seed, "drives");
    for (std::size_t k = 0; k < p.tones; ++k) {
        tile.amplitude(k, 0) = p.drive * random.uniform(k);
    }
    REQUIRE(integrator.run(tile, 1000, 1000) == 0);
    for (std::size_t k = 0; k < p.tones; ++k) {
        tile.amplitude(k, 0) = 0.0;
    }
    const double loudest = integrator.energy(tile, 0);
    REQUIRE(loudest > 0.0);
    double before = loudest;
    std::size_t gains = 0;
    for (int step = 0; step < 500; ++step) {
        REQUIRE(integrator.run(tile, 1, 1) == 0);
        const double now = integrator.energy(tile, 0);
        gains += now > before * (1 + 1e-12) ? 1 : 0;
        before = now;
    }
    CHECK(gains == 0);
    CHECK(before < loudest);
}

TEST_CASE("a perturbed rig says in its notes that it is one, and by how much") {
    const std::string kind = GENERATE("acoustic", "electronic");
    Workers workers(2);
    const ManualClock clock;
    const RigSite site{.seed = 1, .workers = &workers};
    const auto notes_of = [&](double f) {
        Disturbances disturbances;
        disturbances.perturb = f;
        disturbances.noise = 0.005;
        return disturbed(default_rig(kind, workers), disturbances, site, clock)->spec().notes;
    };
    REQUIRE(notes_of(0.0).empty());
    const std::vector<std::string> notes = notes_of(perturb);
    REQUIRE(notes.size() == (kind == "acoustic" ? 2 : 1));
    const Perturbation found =
        Disturbance(default_rig(kind, workers), perturb, 0.0, 1).perturbation();
    CHECK_THAT(notes[0], StartsWith("perturbed by 0.2: displaced by "));
    CHECK(std::stod(notes[0].substr(notes[0].find("by 0.2: displaced by ") + 21)) ==
          Approx(found.amount).epsilon(1e-3));
    CHECK_THAT(notes[0], Contains("correlate with the nominal device's by 0.800"));
    const std::size_t off = notes[0].find("means are off by ");
    REQUIRE(off != std::string::npos);
    CHECK(std::stod(notes[0].substr(off + 17)) == Approx(found.shift.mean).margin(0.006));
    if (kind == "acoustic") {
        const std::string begin = "as perturbed, two successive windows differ by ";
        REQUIRE_THAT(notes[1], StartsWith(begin));
        const double percent = std::stod(notes[1].substr(begin.size()));
        CHECK(percent > 0.0);
        CHECK(percent < 20.0);
    }
}

TEST_CASE("a rig that says that it is perturbed answers as the perturbed one at once") {
    Workers workers(2);
    Disturbance moved(default_rig("acoustic", workers), perturb, 0.0, 1);
    const OwnedBlock x = uniform_stimuli(moved.spec(), 3);
    const OwnedBlock first = answer(moved, x);
    const auto nominal = default_rig("acoustic", workers);
    nominal->displace(moved.offsets(0));
    REQUIRE(same_bits(first.view(), answer(*nominal, x).view()));
}
