#include "sim/physics/kernels/electronic_kernel.hpp"

#include "sim/physics/kernels/lanes.hpp"

// Everything here has internal linkage and uses no library code: this file is compiled for several
// instruction sets, and a weak symbol of one must never serve another.
namespace phyll::physics::kernels {
namespace {

constexpr int max_newton_steps = 60;

template <class Real>
struct Numbers;

template <>
struct Numbers<float> {
    using Bits = std::uint32_t;
    static constexpr int mantissa_bits = 23;
    static constexpr Bits half = 126;             ///< biased exponent of 1/2
    static constexpr float rounder = 12582912.0F; ///< 1.5 x 2^23: adding it rounds to whole numbers
    static constexpr float largest_argument = 87.0F;
    static constexpr float log2_e = 1.44269504F;
    static constexpr float ln2_high = 0.693359375F; ///< 9 bits: exact times any exponent
    static constexpr float ln2_low = -2.12194440e-4F;
    static constexpr int terms = 3;
    /// Of a slope: the change after one that is smaller is of the order of the square of this.
    static constexpr float newton_tolerance = 1e-3F;
    static constexpr float rounding = 5e-7F; ///< of a voltage: no change needs to be smaller
};

template <>
struct Numbers<double> {
    using Bits = std::uint64_t;
    static constexpr int mantissa_bits = 52;
    static constexpr Bits half = 1022;
    static constexpr double rounder = 6755399441055744.0; ///< 1.5 x 2^52
    static constexpr double largest_argument = 700.0;
    static constexpr double log2_e = 1.44269504088896340736;
    static constexpr double ln2_high = 6.93145751953125e-1;
    static constexpr double ln2_low = 1.42860682030941723212e-6;
    static constexpr int terms = 6;
    static constexpr double newton_tolerance = 1e-7;
    static constexpr double rounding = 1e-15;
};

template <class Real>
struct Hyperbolic {
    Vector<Real> sinh;
    Vector<Real> cosh;
};

/// With x = k ln 2 + r, |r| at most ln 2 / 2, and p = 2^k / 2, m = 2^-k / 2:
/// sinh x = (p - m) cosh r + (p + m) sinh r, cosh x = (p + m) cosh r + (p - m) sinh r. At k = 0
/// nothing cancels, so that small arguments are exact to the rounding too.
template <class Real>
[[gnu::always_inline]] inline Hyperbolic<Real> hyperbolic(const Vector<Real>& argument) {
    using N = Numbers<Real>;
    using V = Vector<Real>;
    using Words [[gnu::vector_size(register_bytes)]] = typename N::Bits;
    constexpr Real bound = N::largest_argument;
    const V x = argument < -bound ? V{} - bound : (argument > bound ? V{} + bound : argument);
    const V shifted = x * N::log2_e + N::rounder;
    const V k = shifted - N::rounder;
    const V r = x - k * N::ln2_high - k * N::ln2_low;
    const V square = r * r;
    V even{};
    V odd{};
    Real factorial[2 * N::terms + 2];
    factorial[0] = 1;
    for (int i = 1; i < 2 * N::terms + 2; ++i) {
        factorial[i] = factorial[i - 1] * Real(i);
    }
    for (int i = N::terms; i >= 0; --i) {
        even = even * square + 1 / factorial[2 * i];
        odd = odd * square + 1 / factorial[2 * i + 1];
    }
    odd *= r;
    // The low bits of `shifted` are k; its high ones are shifted out.
    const auto bits = __builtin_bit_cast(Words, shifted);
    const auto p = __builtin_bit_cast(V, (N::half + bits) << N::mantissa_bits);
    const auto m = __builtin_bit_cast(V, (N::half - bits) << N::mantissa_bits);
    const V sum = p + m;
    const V difference = p - m;
    return {difference * even + sum * odd, sum * even + difference * odd};
}

/// The lanes of one register, from the first step to the last. No lane ever looks at another, so a
/// sample's result does not depend on its place in the tile or on its neighbours.
template <class Real>
class Lanes {
    using V = Vector<Real>;

  public:
    Lanes(const ElectronicPlan<Real>& plan, const ElectronicTile<Real>& tile, std::size_t offset)
        : plan_(plan), tile_(tile), offset_(offset) {
        for (std::size_t j = 0; j < plan.stages; ++j) {
            v_[j] = load(tile.v, j);
        }
    }

    /// Returns the lanes that failed.
    std::uint64_t run() {
        for (std::size_t sample = 0; sample < plan_.samples; ++sample) {
            source_ = load(tile_.source, sample);
            for (std::size_t step = 0; step < plan_.steps; ++step) {
                if (!advance()) {
                    return failed_lanes();
                }
            }
            for (std::size_t j = 0; j < plan_.stages; ++j) {
                store(v_[j], tile_.trace, sample * plan_.stages + j);
            }
        }
        for (std::size_t j = 0; j < plan_.stages; ++j) {
            store(v_[j], tile_.v, j);
        }
        return 0;
    }

  private:
    [[nodiscard]] V load(const Real* from, std::size_t row) const {
        V value;
        __builtin_memcpy(&value, from + row * electronic_lanes<Real> + offset_, register_bytes);
        return value;
    }
    void store(const V& value, Real* to, std::size_t row) const {
        __builtin_memcpy(to + row * electronic_lanes<Real> + offset_, &value, register_bytes);
    }

    /// One time step by the implicit midpoint rule: Newton's method until every lane has converged.
    /// A lane that has is frozen, so that how long its neighbours take does not touch it.
    bool advance() {
        // Beyond this the diodes' current is out of all proportion: from there Newton's method
        // would come down by no more than one slope a step.
        constexpr Real highest_start = Real(0.9);
        for (std::size_t j = 0; j < plan_.stages; ++j) {
            const V v = v_[j];
            y_[j] = plan_.node[j].diode == 0 ? v
                    : v < -highest_start     ? V{} - highest_start
                    : v > highest_start      ? V{} + highest_start
                                             : v;
        }
        Mask<Real> active = source_ == source_ || source_ != source_;
        for (int iteration = 0; iteration < max_newton_steps; ++iteration) {
            eliminate();
            active &= ~correct(active);
            if (!any(active)) {
                break;
            }
        }
        unsolved_ = active;
        for (std::size_t j = 0; j < plan_.stages; ++j) {
            v_[j] = 2 * y_[j] - v_[j];
        }
        return !any(unsolved_);
    }

    /// Residual and Jacobian at y, the latter reduced to its upper triangle from the source on. It
    /// is diagonally dominant: nothing needs to be exchanged.
    void eliminate() {
        V before = source_;
        V coupling{}; // of the node before, towards this one
        V residual_before{};
        V inverse_before{};
        for (std::size_t j = 0; j < plan_.stages; ++j) {
            const ElectronicNode<Real>& node = plan_.node[j];
            const V y = y_[j];
            const V after = j + 1 < plan_.stages ? y_[j + 1] : y;
            const Hyperbolic<Real> f = hyperbolic<Real>(y * node.per_volt);
            const V flow = node.from_before * (y - before) + node.from_after * (y - after);
            const V residual = (y - v_[j]) + flow + node.diode * f.sinh;
            const V diagonal = 1 + node.from_before + node.from_after + node.conduction * f.cosh;
            const V share = node.from_before * inverse_before;
            residual_before = residual + share * residual_before;
            inverse_before = 1 / (diagonal - share * coupling);
            residual_[j] = residual_before;
            inverse_[j] = inverse_before;
            coupling = V{} + node.from_after;
            before = y;
        }
    }

    /// Solves for the change of y from the open end on and applies it to the active lanes. Returns
    /// those whose change was so small that the next would be below the rounding.
    Mask<Real> correct(const Mask<Real>& active) {
        using N = Numbers<Real>;
        V change{};
        Mask<Real> done = active;
        for (std::size_t j = plan_.stages; j-- > 0;) {
            const ElectronicNode<Real>& node = plan_.node[j];
            change = (residual_[j] + node.from_after * change) * inverse_[j];
            const V size = absolute(y_[j]);
            done &= absolute(change) <= N::newton_tolerance * node.slope + N::rounding * size;
            V limited = change;
            if (node.diode != 0) {
                // An exponential makes Newton's method shoot far beyond the solution.
                const V limit = (size > Real(0.1) ? size : V{} + Real(0.1)) + 2 * node.slope;
                limited = change > limit ? limit : (change < -limit ? -limit : change);
            }
            y_[j] = active ? y_[j] - limited : y_[j];
        }
        return done;
    }

    [[nodiscard]] std::uint64_t failed_lanes() const {
        std::uint64_t lanes = 0;
        for (std::size_t l = 0; l < width<Real>; ++l) {
            lanes |= std::uint64_t{unsolved_[l] != 0} << (offset_ + l);
        }
        return lanes;
    }

    const ElectronicPlan<Real>& plan_;
    const ElectronicTile<Real>& tile_;
    std::size_t offset_;
    V v_[electronic_max_stages];
    V y_[electronic_max_stages];
    V residual_[electronic_max_stages];
    V inverse_[electronic_max_stages];
    V source_{};
    Mask<Real> unsolved_{};
};

template <class Real>
std::uint64_t run(const ElectronicPlan<Real>& plan, const ElectronicTile<Real>& tile) {
    std::uint64_t failed = 0;
    for (std::size_t offset = 0; offset < electronic_lanes<Real>; offset += width<Real>) {
        failed |= Lanes<Real>(plan, tile, offset).run();
    }
    return failed;
}

template <class Real>
void tabulate(const Real* x, Real* sinh, Real* cosh) {
    for (std::size_t offset = 0; offset < electronic_lanes<Real>; offset += width<Real>) {
        Vector<Real> argument;
        __builtin_memcpy(&argument, x + offset, register_bytes);
        const Hyperbolic<Real> f = hyperbolic<Real>(argument);
        __builtin_memcpy(sinh + offset, &f.sinh, register_bytes);
        __builtin_memcpy(cosh + offset, &f.cosh, register_bytes);
    }
}

} // namespace

extern "C" {

std::uint64_t phyll_electronic_run_float(const ElectronicPlan<float>* plan,
                                         const ElectronicTile<float>* tile) {
    return run(*plan, *tile);
}

std::uint64_t phyll_electronic_run_double(const ElectronicPlan<double>* plan,
                                          const ElectronicTile<double>* tile) {
    return run(*plan, *tile);
}

void phyll_electronic_hyperbolic_float(const float* x, float* sinh, float* cosh) {
    tabulate(x, sinh, cosh);
}

void phyll_electronic_hyperbolic_double(const double* x, double* sinh, double* cosh) {
    tabulate(x, sinh, cosh);
}

const char* phyll_electronic_kernel_level() {
    return PHYLL_KERNEL_LEVEL;
}
}

} // namespace phyll::physics::kernels
