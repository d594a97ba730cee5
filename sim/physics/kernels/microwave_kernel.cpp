#include "sim/physics/kernels/microwave_kernel.hpp"

// Everything here has internal linkage and uses no library code: this file is compiled for several
// instruction sets, and a weak symbol of one must never serve another.
namespace phyll::physics::kernels {
namespace {

#if defined(__AVX512F__)
constexpr std::size_t register_bytes = 64;
#elif defined(__AVX__)
constexpr std::size_t register_bytes = 32;
#else
constexpr std::size_t register_bytes = 16;
#endif

template <class Real, std::size_t bytes>
struct VectorOf {
    using Type [[gnu::vector_size(bytes)]] = Real;
};

/// The complex numbers of a register's lanes.
template <class Real, std::size_t bytes>
struct Complex {
    using V = typename VectorOf<Real, bytes>::Type;
    V re;
    V im;

    [[gnu::always_inline]] static Complex of(const MicrowaveEntry<Real>& entry,
                                             std::size_t offset) {
        Complex c;
        __builtin_memcpy(&c.re, entry.re + offset, bytes);
        __builtin_memcpy(&c.im, entry.im + offset, bytes);
        return c;
    }
    [[gnu::always_inline]] void put(MicrowaveEntry<Real>& entry, std::size_t offset) const {
        __builtin_memcpy(entry.re + offset, &re, bytes);
        __builtin_memcpy(entry.im + offset, &im, bytes);
    }
    [[gnu::always_inline]] void subtract_product(const Complex& a, const Complex& b) {
        re -= a.re * b.re;
        re += a.im * b.im;
        im -= a.re * b.im;
        im -= a.im * b.re;
    }
    [[gnu::always_inline]] friend Complex operator*(const Complex& a, const Complex& b) {
        return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
    }
    [[gnu::always_inline]] friend Complex operator+(const Complex& a, const Complex& b) {
        return {a.re + b.re, a.im + b.im};
    }
    [[gnu::always_inline]] [[nodiscard]] Complex inverse() const {
        const V scale = 1 / (re * re + im * im);
        return {re * scale, -im * scale};
    }
};

/// LDL^T of the lanes of one register, left-looking: row i of L needs the rows above it and nothing
/// below. No lane ever looks at another.
///
/// `Matrix` says what is to be eliminated: entry(i, j) for j < i, and diagonal(i), both as Complex.
/// `factor` holds L below, and one over D on, its diagonal; `room` two rows of L D.
template <class Real, std::size_t bytes, class Matrix>
class Factoriser {
    using C = Complex<Real, bytes>;

  public:
    Factoriser(const Matrix& matrix, MicrowaveEntry<Real>* factor, MicrowaveEntry<Real>* room,
               std::size_t stride, std::size_t offset)
        : matrix_(matrix), factor_(factor), row_{room, room + stride}, offset_(offset) {}

    /// Makes pivots of the rows [first, end); those before are.
    void eliminate(std::size_t first, std::size_t end) {
        std::size_t i = first;
        for (; i + 1 < end; i += 2) {
            compute<2>(i, i);
            scale<2>(i, i);
            finish_pair(i);
        }
        if (i < end) {
            compute<1>(i, i);
            scale<1>(i, i);
            pivot(0, i, i);
        }
    }

    /// Rows [first, end), which are no pivots: their columns below `pivots` become those of L, the
    /// others those of the Schur complement.
    void border(std::size_t first, std::size_t end, std::size_t pivots) {
        std::size_t i = first;
        for (; i + 1 < end; i += 2) {
            compute<2>(i, pivots);
            scale<2>(i, pivots);
            complement<2>(i, pivots);
        }
        if (i < end) {
            compute<1>(i, pivots);
            scale<1>(i, pivots);
            complement<1>(i, pivots);
        }
    }

    /// Row i, which is no pivot, and the one after it: their common entry of the Schur complement.
    C common(std::size_t i, std::size_t pivots) {
        compute<2>(i, pivots);
        C sum = matrix_.entry(i + 1, i);
        for (std::size_t k = 0; k < pivots; ++k) {
            sum.subtract_product(row(1, k), row(0, k) * factor(k, k));
        }
        return sum;
    }

  private:
    [[gnu::always_inline]] [[nodiscard]] MicrowaveEntry<Real>& place(std::size_t i,
                                                                     std::size_t j) const {
        return factor_[microwave_triangle(i) + j];
    }
    [[gnu::always_inline]] [[nodiscard]] C factor(std::size_t i, std::size_t j) const {
        return C::of(place(i, j), offset_);
    }
    [[gnu::always_inline]] [[nodiscard]] C row(std::size_t r, std::size_t k) const {
        return C::of(row_[r][k], offset_);
    }

    /// Entries (i + r, j + c) less what the first `depth` pivots take from them.
    template <std::size_t rows, std::size_t columns>
    struct Tile {
        C at[rows][columns];
    };
    template <std::size_t rows, std::size_t columns>
    [[gnu::always_inline]] [[nodiscard]] Tile<rows, columns> tile(std::size_t i, std::size_t j,
                                                                  std::size_t depth) const {
        Tile<rows, columns> t;
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t c = 0; c < columns; ++c) {
                t.at[r][c] = matrix_.entry(i + r, j + c);
            }
        }
        const MicrowaveEntry<Real>* above[columns];
        for (std::size_t c = 0; c < columns; ++c) {
            above[c] = &place(j + c, 0);
        }
        for (std::size_t k = 0; k < depth; ++k) {
            C l[columns];
            for (std::size_t c = 0; c < columns; ++c) {
                l[c] = C::of(above[c][k], offset_);
            }
            for (std::size_t r = 0; r < rows; ++r) {
                const C u = row(r, k);
                for (std::size_t c = 0; c < columns; ++c) {
                    t.at[r][c].subtract_product(u, l[c]);
                }
            }
        }
        return t;
    }

    /// The columns [0, end) of L D in rows i and, if two, i + 1.
    template <std::size_t rows>
    void compute(std::size_t i, std::size_t end) {
        std::size_t j = 0;
        for (; j + 1 < end; j += 2) {
            Tile<rows, 2> t = tile<rows, 2>(i, j, j);
            const C between = factor(j + 1, j);
            for (std::size_t r = 0; r < rows; ++r) {
                t.at[r][1].subtract_product(t.at[r][0], between);
                t.at[r][0].put(row_[r][j], offset_);
                t.at[r][1].put(row_[r][j + 1], offset_);
            }
        }
        if (j < end) {
            const Tile<rows, 1> t = tile<rows, 1>(i, j, j);
            for (std::size_t r = 0; r < rows; ++r) {
                t.at[r][0].put(row_[r][j], offset_);
            }
        }
    }

    /// L from L D.
    template <std::size_t rows>
    void scale(std::size_t i, std::size_t end) {
        for (std::size_t k = 0; k < end; ++k) {
            const C d = factor(k, k);
            for (std::size_t r = 0; r < rows; ++r) {
                (row(r, k) * d).put(place(i + r, k), offset_);
            }
        }
    }

    /// One over D of row i, the r-th in hand.
    void pivot(std::size_t r, std::size_t i, std::size_t depth) {
        C d = matrix_.diagonal(i);
        for (std::size_t k = 0; k < depth; ++k) {
            d.subtract_product(row(r, k), factor(i, k));
        }
        d.inverse().put(place(i, i), offset_);
    }

    void finish_pair(std::size_t i) {
        C below = matrix_.entry(i + 1, i);
        for (std::size_t k = 0; k < i; ++k) {
            below.subtract_product(row(1, k), factor(i, k));
        }
        pivot(0, i, i);
        below.put(row_[1][i], offset_);
        (below * factor(i, i)).put(place(i + 1, i), offset_);
        pivot(1, i + 1, i + 1);
    }

    template <std::size_t rows>
    void complement(std::size_t i, std::size_t pivots) {
        std::size_t j = pivots;
        for (; j + 1 < i; j += 2) {
            const Tile<rows, 2> t = tile<rows, 2>(i, j, pivots);
            for (std::size_t r = 0; r < rows; ++r) {
                t.at[r][0].put(place(i + r, j), offset_);
                t.at[r][1].put(place(i + r, j + 1), offset_);
            }
        }
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t column = j; column <= i + r; ++column) {
                C sum = column == i + r ? matrix_.diagonal(column) : matrix_.entry(i + r, column);
                for (std::size_t k = 0; k < pivots; ++k) {
                    sum.subtract_product(row(r, k), factor(column, k));
                }
                sum.put(place(i + r, column), offset_);
            }
        }
    }

    Matrix matrix_;
    MicrowaveEntry<Real>* factor_;
    MicrowaveEntry<Real>* row_[2];
    std::size_t offset_;
};

/// A matrix that is worked on where it is.
template <std::size_t bytes>
struct InPlace {
    const MicrowaveEntry<double>* matrix;
    std::size_t offset;

    [[gnu::always_inline]] [[nodiscard]] Complex<double, bytes> entry(std::size_t i,
                                                                      std::size_t j) const {
        return Complex<double, bytes>::of(matrix[microwave_triangle(i) + j], offset);
    }
    [[gnu::always_inline]] [[nodiscard]] Complex<double, bytes> diagonal(std::size_t i) const {
        return entry(i, i);
    }
};

/// diag(step) + V at the moved atoms, and the ports below them.
template <std::size_t bytes>
struct Moved {
    const MicrowaveQuery& query;
    std::size_t offset;

    [[gnu::always_inline]] [[nodiscard]] std::size_t index(std::size_t i) const {
        return i < query.count ? query.moved[i] : query.atoms + (i - query.count);
    }
    [[gnu::always_inline]] [[nodiscard]] Complex<float, bytes> entry(std::size_t i,
                                                                     std::size_t j) const {
        return Complex<float, bytes>::of(query.inverse[microwave_triangle(index(i)) + index(j)],
                                         offset);
    }
    [[gnu::always_inline]] [[nodiscard]] Complex<float, bytes> diagonal(std::size_t i) const {
        return entry(i, i) + Complex<float, bytes>::of(*query.step, offset);
    }
};

void eliminate(const MicrowaveElimination& e) {
    constexpr std::size_t width = register_bytes / sizeof(double);
    for (std::size_t offset = 0; offset < microwave_lanes<double>; offset += width) {
        const InPlace<register_bytes> matrix{.matrix = e.matrix, .offset = offset};
        Factoriser<double, register_bytes, InPlace<register_bytes>> factoriser(
            matrix, e.matrix, e.room, e.rows, offset);
        factoriser.eliminate(e.first, e.rows < e.pivots ? e.rows : e.pivots);
        factoriser.border(e.first < e.pivots ? e.pivots : e.first, e.rows, e.pivots);
    }
}

template <std::size_t bytes>
void answer(const MicrowaveQuery& q, std::size_t offset) {
    const Moved<bytes> matrix{.query = q, .offset = offset};
    Factoriser<float, bytes, Moved<bytes>> factoriser(
        matrix, q.room, q.room + microwave_triangle(q.count), q.count, offset);
    factoriser.eliminate(0, q.count);
    factoriser.common(q.count, q.count).put(*q.result, offset);
}

void answer(const MicrowaveQuery& q) {
    constexpr std::size_t width = register_bytes / sizeof(float);
    for (std::size_t offset = 0; offset < q.lanes; offset += width) {
        // What fills half a register only is computed in half of one.
        if (register_bytes == 64 && q.lanes - offset <= width / 2) {
            answer<register_bytes / 2>(q, offset);
        } else {
            answer<register_bytes>(q, offset);
        }
    }
}

} // namespace

extern "C" {

void phyll_microwave_eliminate(const MicrowaveElimination* elimination) {
    eliminate(*elimination);
}

void phyll_microwave_query(const MicrowaveQuery* query) {
    answer(*query);
}

const char* phyll_microwave_kernel_level() {
    return PHYLL_KERNEL_LEVEL;
}
}

} // namespace phyll::physics::kernels
