#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "sim/physics/electronic/ladder.hpp"

#include <Eigen/Dense>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <string>

using namespace phyll;
using namespace phyll::physics;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

template <class Real>
using Tile = typename ElectronicIntegrator<Real>::Tile;

template <class Real>
ElectronicIntegrator<Real> nominal(const ElectronicParameters& p) {
    return {p, nominal_components(p)};
}

/// Every lane its own random voltages, times `scale`.
template <class Real>
void play_random(const ElectronicParameters& p, Tile<Real>& tile, double scale) {
    const KeyedRandom random(5, "voltages");
    for (std::size_t lane = 0; lane < ElectronicIntegrator<Real>::lanes; ++lane) {
        for (std::size_t k = 0; k < p.dac_samples; ++k) {
            const double volts = p.dac_low + (p.dac_high - p.dac_low) * random.uniform(lane, k);
            tile.dac(k, lane) = static_cast<Real>(scale * volts);
        }
    }
}

/// The ladder with each pair of diodes replaced by its conductance at 0 V, exactly: from one DAC
/// sample to the next v <- e^(A T) v + A^-1 (e^(A T) - 1) b u.
class SmallSignal {
  public:
    explicit SmallSignal(const ElectronicParameters& p)
        : stages_(static_cast<Eigen::Index>(p.stages)) {
        const double rate = 1 / (p.resistance * p.capacitance);
        const double slope = p.ideality * p.thermal_voltage;
        const double leak = 2 * p.saturation_current / slope / p.capacitance;
        MatrixXd a = MatrixXd::Zero(stages_, stages_);
        for (Eigen::Index j = 0; j < stages_; ++j) {
            a(j, j) = -leak - (j + 1 < stages_ ? 2 : 1) * rate;
            if (j > 0) {
                a(j, j - 1) = a(j - 1, j) = rate;
            }
        }
        const Eigen::SelfAdjointEigenSolver<MatrixXd> modes(a);
        const MatrixXd& shapes = modes.eigenvectors();
        const VectorXd decay = (modes.eigenvalues() * p.hold_time).array().exp();
        const VectorXd gain = (decay.array() - 1) / modes.eigenvalues().array();
        keep_ = shapes * decay.asDiagonal() * shapes.transpose();
        take_ = shapes * gain.asDiagonal() * shapes.transpose().col(0) * rate;
    }
    [[nodiscard]] VectorXd rest() const { return VectorXd::Zero(stages_); }
    [[nodiscard]] VectorXd next(const VectorXd& v, double source) const {
        return keep_ * v + take_ * source;
    }

  private:
    Eigen::Index stages_;
    MatrixXd keep_;
    VectorXd take_;
};

/// How far the time integration is from the exact one at the ADC's readings, in root mean square
/// relative to them, for voltages that the diodes hardly notice.
double small_signal_error(std::size_t steps) {
    ElectronicParameters p;
    p.steps_per_sample = steps;
    const ElectronicIntegrator<double> integrator = nominal<double>(p);
    const SmallSignal exact(p);
    Tile<double> tile = integrator.new_tile();
    play_random<double>(p, tile, 1e-5);
    REQUIRE(integrator.run(tile) == 0);
    double error = 0.0;
    double size = 0.0;
    for (std::size_t lane = 0; lane < integrator.lanes; ++lane) {
        std::vector<VectorXd> v{exact.rest()};
        for (std::size_t k = 0; k < p.dac_samples; ++k) {
            v.push_back(exact.next(v.back(), tile.dac(k, lane)));
        }
        for (const ElectronicReading& reading : readings_of(p)) {
            const double right = v[reading.sample](static_cast<Eigen::Index>(reading.node - 1));
            error += std::pow(tile.voltage(reading.sample - 1, reading.node - 1, lane) - right, 2);
            size += right * right;
        }
    }
    return std::sqrt(error / size);
}

/// Root mean square, over random voltages, of what 0.5 V more in the DAC's first sample make of a
/// node's voltage at the end of each sample.
std::vector<double> memory_of(std::size_t node) {
    const ElectronicParameters p;
    const ElectronicIntegrator<double> integrator = nominal<double>(p);
    std::vector<double> effect(p.dac_samples);
    constexpr std::size_t rounds = 40;
    for (std::size_t round = 0; round < rounds; ++round) {
        const KeyedRandom random(round, "memory");
        Tile<double> as_is = integrator.new_tile();
        for (std::size_t lane = 0; lane < integrator.lanes; ++lane) {
            for (std::size_t k = 0; k < p.dac_samples; ++k) {
                as_is.dac(k, lane) = -2 + 5 * random.uniform(lane, k);
            }
        }
        Tile<double> moved = as_is;
        for (std::size_t lane = 0; lane < integrator.lanes; ++lane) {
            moved.dac(0, lane) += 0.5;
        }
        REQUIRE((integrator.run(as_is) | integrator.run(moved)) == 0);
        for (std::size_t k = 0; k < p.dac_samples; ++k) {
            for (std::size_t lane = 0; lane < integrator.lanes; ++lane) {
                const double change =
                    moved.voltage(k, node - 1, lane) - as_is.voltage(k, node - 1, lane);
                effect[k] += change * change;
            }
        }
    }
    for (double& value : effect) {
        value = std::sqrt(value / (rounds * ElectronicIntegrator<double>::lanes));
    }
    return effect;
}

OwnedBlock answer(const ElectronicLadder& ladder, const OwnedBlock& x) {
    Workers workers(2);
    OwnedBlock y(ladder.n_out(), x.samples());
    ladder.respond(x.view(), y.view(), workers, {});
    return y;
}

} // namespace

TEST_CASE("small signals follow the matrix exponential, to second order in the step") {
    const double coarse = small_signal_error(4);
    const double fine = small_signal_error(32);
    CAPTURE(coarse, fine);
    REQUIRE(coarse < 0.006);
    REQUIRE(fine < 0.0001);
    REQUIRE(coarse / fine == Approx(64).epsilon(0.05));
}

TEST_CASE("node 1 forgets within two samples, node 5 takes over ten to forget half") {
    const std::vector<double> first = memory_of(1);
    REQUIRE(first[1] < 0.25 * first[0]);
    REQUIRE(first[2] < 0.1 * first[0]);

    const std::vector<double> last = memory_of(5);
    const auto peak = std::ranges::max_element(last);
    const auto half =
        std::find_if(peak, last.end(), [&](double effect) { return effect < *peak / 2; });
    const auto samples = half - last.begin();
    CAPTURE(samples);
    REQUIRE(samples >= 11);
    REQUIRE(samples <= 15);
}

TEST_CASE("after the DAC has stood at one voltage for 2 ms the diodes of node 1 clip it") {
    const ElectronicParameters p;
    const auto [source, clipped] =
        GENERATE(table<double, double>({{0.5, 0.411}, {4.0, 0.606}, {-4.0, -0.606}, {0.0, 0.0}}));
    CAPTURE(source);
    const ElectronicIntegrator<double> integrator = nominal<double>(p);
    Tile<double> tile = integrator.new_tile();
    for (std::size_t k = 0; k < p.dac_samples; ++k) {
        tile.dac(k, 3) = source;
    }
    REQUIRE(integrator.run(tile) == 0);
    REQUIRE(tile.v(0, 3) == Approx(clipped).margin(5e-4));
}

TEST_CASE("a lasting voltage leads to the steady state, however hard the diodes clip") {
    // Far beyond the DAC's range every step overshoots by nearly as much as the one before; the
    // middle of the step, which the method solves for, does not.
    ElectronicParameters p;
    p.dac_samples = 1000;
    p.steps_per_sample = 1;
    p.hold_time = 12.5e-6;
    const double source = GENERATE(0.5, 4.0, 1000.0, -4.0);
    CAPTURE(source);
    const std::vector<double> v = steady_state(nominal_components(p), source);
    // Kirchhoff's current law: what comes through the first resistor leaves through the diodes.
    const double slope = p.ideality * p.thermal_voltage;
    double diodes = 0.0;
    for (const double voltage : v) {
        diodes += 2 * p.saturation_current * std::sinh(voltage / slope);
    }
    REQUIRE((source - v[0]) / p.resistance == Approx(diodes).epsilon(1e-9));
    if (source == 1000.0) {
        REQUIRE(v[0] == Approx(0.865).margin(5e-4));
    }

    const ElectronicIntegrator<double> integrator = nominal<double>(p);
    Tile<double> tile = integrator.new_tile();
    for (std::size_t k = 0; k < p.dac_samples; ++k) {
        tile.dac(k, 3) = source;
    }
    REQUIRE(integrator.run(tile) == 0); // 12.5 ms
    REQUIRE(integrator.run(tile) == 0);
    for (std::size_t j = 0; j < p.stages; ++j) {
        const double middle = (tile.voltage(998, j, 3) + tile.voltage(999, j, 3)) / 2;
        REQUIRE(middle == Approx(v[j]).margin(1e-4));
        REQUIRE(tile.v(j, 2) == 0.0); // a neighbour at rest
    }
}

TEST_CASE("at the default step the readings are those of a far finer one") {
    ElectronicParameters p;
    const ElectronicIntegrator<double> coarse = nominal<double>(p);
    p.steps_per_sample = 256;
    const ElectronicIntegrator<double> fine = nominal<double>(p);
    Tile<double> a = coarse.new_tile();
    play_random<double>(p, a, 1.0);
    Tile<double> b = a;
    REQUIRE((coarse.run(a) | fine.run(b)) == 0);
    double square = 0.0;
    for (std::size_t lane = 0; lane < coarse.lanes; ++lane) {
        for (const ElectronicReading& r : readings_of(p)) {
            square += std::pow(a.voltage(r.sample - 1, r.node - 1, lane) -
                                   b.voltage(r.sample - 1, r.node - 1, lane),
                               2);
        }
    }
    const double rms =
        std::sqrt(square / static_cast<double>(coarse.lanes * readings_of(p).size()));
    CAPTURE(rms);
    REQUIRE(rms < 1e-3); // two steps of the ADC
}

TEST_CASE("floats are as good as the ADC needs") {
    const ElectronicParameters p;
    const ElectronicIntegrator<float> fast = nominal<float>(p);
    const ElectronicIntegrator<double> exact = nominal<double>(p);
    Tile<float> quick = fast.new_tile();
    Tile<double> slow = exact.new_tile();
    play_random<double>(p, slow, 1.0);
    for (std::size_t lane = 0; lane < exact.lanes; ++lane) {
        for (std::size_t k = 0; k < p.dac_samples; ++k) {
            quick.dac(k, lane) = static_cast<float>(slow.dac(k, lane));
            slow.dac(k, lane) = quick.dac(k, lane);
        }
    }
    REQUIRE(fast.run(quick) == 0);
    REQUIRE(exact.run(slow) == 0);
    double worst = 0.0;
    for (std::size_t lane = 0; lane < exact.lanes; ++lane) {
        for (const ElectronicReading& reading : readings_of(p)) {
            worst =
                std::max(worst, std::abs(quick.voltage(reading.sample - 1, reading.node - 1, lane) -
                                         slow.voltage(reading.sample - 1, reading.node - 1, lane)));
        }
    }
    CAPTURE(worst);
    REQUIRE(worst < 2e-6); // a step of the ADC is 490 uV
}

TEST_CASE("a rest before a sample lets the ladder forget the one before") {
    ElectronicParameters p;
    p.diodes = GENERATE(true, false);
    p.hold_time = 10e-6;
    p.dac_samples = 1000;
    const ElectronicIntegrator<double> integrator = nominal<double>(p);
    Tile<double> tile = integrator.new_tile();
    const std::vector<double> charged = steady_state(nominal_components(p), p.dac_high);
    for (std::size_t j = 0; j < p.stages; ++j) {
        tile.v(j, 0) = charged[j];
    }
    const double step = 2 * adc_range_of(p) / 4096;
    const auto samples = static_cast<std::size_t>(std::ceil(rest_time(p) / p.hold_time));
    REQUIRE(integrator.run(tile) == 0); // the first 10 ms
    REQUIRE(samples > p.dac_samples);
    REQUIRE(samples < 2 * p.dac_samples);
    REQUIRE(integrator.run(tile) == 0);
    for (std::size_t j = 0; j < p.stages; ++j) {
        REQUIRE(std::abs(tile.voltage(samples - p.dac_samples - 1, j, 0)) < step / 2);
    }
}

TEST_CASE("at 0 V the ladder stays at rest") {
    ElectronicParameters p;
    p.dac_low = 0.0;
    const ElectronicLadder ladder(p);
    const OwnedBlock y = answer(ladder, OwnedBlock(ladder.n_in(), 1));
    REQUIRE(std::ranges::count(y.view().values(), 0.0F) ==
            static_cast<std::ptrdiff_t>(ladder.n_out()));
}

TEST_CASE("a voltage that cannot be integrated is an error that names the sample") {
    ElectronicParameters p;
    p.dac_low = 0.0;
    p.dac_high = 1e37;
    const ElectronicLadder ladder(p);
    OwnedBlock x(ladder.n_in(), 40);
    x.sample(21)[3] = 1.0F;
    x.sample(35)[3] = 1.0F;
    try {
        static_cast<void>(answer(ladder, x));
        FAIL("answered");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::internal);
        REQUIRE(std::string(error.what()).find("sample 21 ") != std::string::npos);
    }
}
