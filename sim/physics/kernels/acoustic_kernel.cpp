#include "sim/physics/kernels/acoustic_kernel.hpp"

#include "sim/physics/kernels/lanes.hpp"

#include <limits>

// Everything here has internal linkage and uses no library code: this file is compiled for several
// instruction sets, and a weak symbol of one must never serve another.
namespace phyll::physics::kernels {
namespace {

constexpr int max_newton_steps = 60;

/// A Newton step below this share of the solution is the last: its own error is the square of it,
/// which is below the rounding.
template <class Real>
constexpr Real newton_tolerance = Real(1e-8);
template <>
constexpr float newton_tolerance<float> = 2e-4F;

/// The lanes of one register, from the first step to the last. No lane ever looks at another, so a
/// sample's result does not depend on its place in the tile or on its neighbours.
template <class Real>
class Lanes {
    using V = Vector<Real>;

  public:
    Lanes(const AcousticPlan<Real>& plan, const AcousticTile<Real>& tile, std::size_t offset)
        : plan_(plan), tile_(tile), offset_(offset) {
        load(tile.q, q_, plan.modes);
        load(tile.u, u_, plan.modes);
        load(tile.x, x_, acoustic_membranes);
        load(tile.v, v_, acoustic_membranes);
        load(tile.amplitude, amplitude_, plan.tones);
        load(tile.cosine_sum, cosine_sum_, plan.bins);
        load(tile.sine_sum, sine_sum_, plan.bins);
    }

    /// Strang splitting with the rotations of neighbouring steps merged:
    /// A/2 (C/2 B C/2) A (C/2 B C/2) A ... A/2. Returns the lanes that failed.
    std::uint64_t run(const AcousticSteps& steps) {
        rotate<Rotation::half, false, true>();
        std::size_t place = steps.phase;
        for (std::size_t step = 0; step < steps.steps; ++step) {
            play(place);
            if (!move_membranes_alone()) {
                return failed_lanes();
            }
            couple(step >= steps.listen_from, place);
            if (!move_membranes_alone()) {
                return failed_lanes();
            }
            if (step + 1 < steps.steps) {
                rotate<Rotation::whole, true, true>();
            }
            place = place + 1 == plan_.period ? 0 : place + 1;
        }
        rotate<Rotation::half, true, false>();
        return 0;
    }

    /// The same with signals, which are those of all lanes.
    std::uint64_t stream(const AcousticSignals<Real>& signals, std::size_t steps) {
        rotate<Rotation::half, false, true>();
        for (std::size_t step = 0; step < steps; ++step) {
            for (std::size_t s = 0; s < acoustic_speakers; ++s) {
                source_[s] = V{} + signals.speakers[step * acoustic_speakers + s];
            }
            if (!move_membranes_alone()) {
                return failed_lanes();
            }
            couple(false, 0);
            for (std::size_t o = 0; o < acoustic_microphones; ++o) {
                signals.microphones[step * acoustic_microphones + o] = pressure_at(o)[0];
            }
            if (!move_membranes_alone()) {
                return failed_lanes();
            }
            if (step + 1 < steps) {
                rotate<Rotation::whole, true, true>();
            }
        }
        rotate<Rotation::half, true, false>();
        return 0;
    }

    void save() const {
        store(q_, tile_.q, plan_.modes);
        store(u_, tile_.u, plan_.modes);
        store(x_, tile_.x, acoustic_membranes);
        store(v_, tile_.v, acoustic_membranes);
        store(cosine_sum_, tile_.cosine_sum, plan_.bins);
        store(sine_sum_, tile_.sine_sum, plan_.bins);
    }

  private:
    enum class Rotation { half, whole };

    void load(const Real* from, V* to, std::size_t rows) const {
        for (std::size_t i = 0; i < rows; ++i) {
            __builtin_memcpy(&to[i], from + i * acoustic_lanes<Real> + offset_, register_bytes);
        }
    }
    void store(const V* from, Real* to, std::size_t rows) const {
        for (std::size_t i = 0; i < rows; ++i) {
            __builtin_memcpy(to + i * acoustic_lanes<Real> + offset_, &from[i], register_bytes);
        }
    }

    /// One pass over the modes does three things while they are in registers: what the last
    /// coupling does to them, their own damped rotation, and the pressure that the next coupling
    /// needs.
    // NOLINTBEGIN(misc-const-correctness): it sees the branches that a template does not take
    template <Rotation rotation, bool kicked, bool gathered>
    [[gnu::always_inline]] void rotate() {
        V at_membrane[acoustic_membranes] = {};
        V at_microphone[acoustic_microphones] = {};
        for (std::size_t n = 0; n < plan_.modes; ++n) {
            const AcousticModeRow<Real>& row = plan_.mode[n];
            V q = q_[n];
            const V u = u_[n];
            if constexpr (kicked) {
                for (std::size_t s = 0; s < acoustic_speakers; ++s) {
                    q += row.from_speaker[s] * source_[s];
                }
                for (std::size_t m = 0; m < acoustic_membranes; ++m) {
                    q += row.from_membrane[m] * mean_velocity_[m];
                }
            }
            const Real* r = rotation == Rotation::half ? row.half_step : row.whole_step;
            const V turned = r[0] * q + r[1] * u;
            u_[n] = r[2] * q + r[3] * u;
            q_[n] = turned;
            if constexpr (gathered) {
                for (std::size_t m = 0; m < acoustic_membranes; ++m) {
                    at_membrane[m] += row.at_membrane[m] * turned;
                }
                for (std::size_t o = 0; o < acoustic_microphones; ++o) {
                    at_microphone[o] += row.at_microphone[o] * turned;
                }
            }
        }
        if constexpr (gathered) {
            for (std::size_t m = 0; m < acoustic_membranes; ++m) {
                membrane_pressure_[m] = at_membrane[m];
            }
            for (std::size_t o = 0; o < acoustic_microphones; ++o) {
                microphone_pressure_[o] = at_microphone[o];
            }
        }
    }
    // NOLINTEND(misc-const-correctness)

    void play(std::size_t place) {
        const Real* tone = plan_.tone + place * plan_.tones;
        for (V& source : source_) {
            source = V{};
        }
        for (std::size_t k = 0; k < plan_.tones; ++k) {
            source_[k % acoustic_speakers] += tone[k] * amplitude_[k];
        }
    }

    /// Half a step of the membranes without air: Newton's method until every lane has converged. A
    /// lane that has is frozen, so that how long its neighbours take does not touch it.
    bool move_membranes_alone() {
        V travel[acoustic_membranes];
        V linear[acoustic_membranes];
        V scale[acoustic_membranes];
        Mask<Real> active[acoustic_membranes];
        for (std::size_t m = 0; m < acoustic_membranes; ++m) {
            const V inertia = plan_.velocity_share[m] * v_[m];
            const V spring = plan_.stiffness[m] * x_[m];
            travel[m] = inertia;
            linear[m] = spring - inertia;
            // The smallest normal number lets a lane at rest converge.
            scale[m] = newton_tolerance<Real> * (absolute(inertia) + absolute(spring)) +
                       std::numeric_limits<Real>::min();
            active[m] = x_[m] == x_[m] || x_[m] != x_[m];
        }
        for (int iteration = 0; iteration < max_newton_steps; ++iteration) {
            Mask<Real> left{};
            for (std::size_t m = 0; m < acoustic_membranes; ++m) {
                const V d = travel[m];
                const V y = x_[m] + d;
                const V squares = y * y + d * d;
                const V residual = d + linear[m] + plan_.cubic[m] * y * squares;
                const V slope = 1 + plan_.cubic[m] * (squares + 2 * y * (y + d));
                const V change = residual / slope;
                travel[m] = active[m] ? d - change : d;
                const Mask<Real> done =
                    absolute(change) <= scale[m] + newton_tolerance<Real> * absolute(d);
                active[m] &= ~done;
                left |= active[m];
            }
            unsolved_ = left;
            if (!any(left)) {
                break;
            }
        }
        for (std::size_t m = 0; m < acoustic_membranes; ++m) {
            x_[m] += 2 * travel[m];
            v_[m] = plan_.velocity_per_travel * travel[m] - v_[m];
        }
        return !any(unsolved_);
    }

    /// One step of the coupling of membranes, air and speakers by the implicit midpoint rule. What
    /// it does to the modes is left to the next `rotate`.
    void couple(bool listen, std::size_t place) {
        for (std::size_t m = 0; m < acoustic_membranes; ++m) {
            V mean{};
            for (std::size_t i = 0; i < acoustic_membranes; ++i) {
                mean += plan_.keep[m][i] * v_[i] + plan_.push[m][i] * membrane_pressure_[i];
            }
            for (std::size_t s = 0; s < acoustic_speakers; ++s) {
                mean += plan_.drive[m][s] * source_[s];
            }
            mean_velocity_[m] = mean;
        }
        for (std::size_t m = 0; m < acoustic_membranes; ++m) {
            v_[m] = 2 * mean_velocity_[m] - v_[m];
        }
        if (listen) {
            this->listen(place);
        }
    }

    /// Adds the pressure in the middle of the step to the projections on the bins.
    void listen(std::size_t place) {
        V pressure[acoustic_microphones];
        for (std::size_t o = 0; o < acoustic_microphones; ++o) {
            pressure[o] = pressure_at(o);
        }
        const Real* cosine = plan_.cosine + place * plan_.bins;
        const Real* sine = plan_.sine + place * plan_.bins;
        for (std::size_t k = 0; k < plan_.bins; ++k) {
            cosine_sum_[k] += cosine[k] * pressure[k % acoustic_microphones];
            sine_sum_[k] += sine[k] * pressure[k % acoustic_microphones];
        }
    }

    /// In the middle of the step, once it is coupled.
    [[nodiscard]] V pressure_at(std::size_t microphone) const {
        V p = microphone_pressure_[microphone];
        for (std::size_t s = 0; s < acoustic_speakers; ++s) {
            p += plan_.microphone_speaker[microphone][s] * source_[s];
        }
        for (std::size_t m = 0; m < acoustic_membranes; ++m) {
            p += plan_.microphone_membrane[microphone][m] * mean_velocity_[m];
        }
        return p;
    }

    [[nodiscard]] std::uint64_t failed_lanes() const {
        std::uint64_t lanes = 0;
        for (std::size_t l = 0; l < width<Real>; ++l) {
            lanes |= std::uint64_t{unsolved_[l] != 0} << (offset_ + l);
        }
        return lanes;
    }

    const AcousticPlan<Real>& plan_;
    const AcousticTile<Real>& tile_;
    std::size_t offset_;
    V q_[acoustic_max_modes];
    V u_[acoustic_max_modes];
    V x_[acoustic_membranes];
    V v_[acoustic_membranes];
    V amplitude_[acoustic_max_tones];
    V source_[acoustic_speakers];
    V mean_velocity_[acoustic_membranes];
    V membrane_pressure_[acoustic_membranes];
    V microphone_pressure_[acoustic_microphones];
    V cosine_sum_[acoustic_max_bins];
    V sine_sum_[acoustic_max_bins];
    Mask<Real> unsolved_{};
};

template <class Real>
std::uint64_t run(const AcousticPlan<Real>& plan, const AcousticTile<Real>& tile,
                  const AcousticSteps& steps) {
    std::uint64_t failed = 0;
    for (std::size_t offset = 0; offset < acoustic_lanes<Real>; offset += width<Real>) {
        Lanes<Real> lanes(plan, tile, offset);
        failed |= lanes.run(steps);
        lanes.save();
    }
    return failed;
}

} // namespace

extern "C" {

std::uint64_t phyll_acoustic_run_float(const AcousticPlan<float>* plan,
                                       const AcousticTile<float>* tile, AcousticSteps steps) {
    return run(*plan, *tile, steps);
}

std::uint64_t phyll_acoustic_run_double(const AcousticPlan<double>* plan,
                                        const AcousticTile<double>* tile, AcousticSteps steps) {
    return run(*plan, *tile, steps);
}

std::uint64_t phyll_acoustic_stream_double(const AcousticPlan<double>* plan,
                                           const AcousticTile<double>* tile,
                                           const AcousticSignals<double>* signals,
                                           std::size_t steps) {
    // All lanes are alike: those of one register are enough.
    Lanes<double> lanes(*plan, *tile, 0);
    const std::uint64_t failed = lanes.stream(*signals, steps);
    lanes.save();
    return failed;
}

const char* phyll_acoustic_kernel_level() {
    return PHYLL_KERNEL_LEVEL;
}
}

} // namespace phyll::physics::kernels
