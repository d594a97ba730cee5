// What the kernels and the training numerics on them do on one thread, for the kernel level in use.
//
//   phyll_bench_kernels [libopenblas.so.0]    with a BLAS: the same products by it, taken in turns
//
// Another level: /lib64/ld-linux-x86-64.so.2 --glibc-hwcaps-mask x86-64-v3 phyll_bench_kernels
// (the mask `none` for the baseline). On a shared machine ratios mean more than figures.
#include "daemon/training/adam.hpp"
#include "daemon/training/local_layer.hpp"
#include "daemon/training/matrix_product.hpp"
#include "drivers/core/aligned_floats.hpp"
#include "drivers/core/kernels/complex_product.hpp"
#include "drivers/core/kernels/level.hpp"
#include "drivers/core/kernels/normal.hpp"
#include "drivers/core/sample_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <dlfcn.h>
#include <functional>
#include <utility>
#include <vector>

namespace {

using namespace phyll;

constexpr int rounds = 9;

/// Median seconds of each call, all taken in turns, so that what else the machine does hits all.
std::vector<double> median_seconds(const std::vector<std::function<void()>>& calls) {
    std::vector<std::vector<double>> times(calls.size());
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < calls.size(); ++i) {
            const auto start = std::chrono::steady_clock::now();
            calls[i]();
            times[i].push_back(
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
    }
    std::vector<double> medians;
    for (std::vector<double>& time : times) {
        std::nth_element(time.begin(), time.begin() + rounds / 2, time.end());
        medians.push_back(time[rounds / 2]);
    }
    return medians;
}

OwnedBlock normal_block(std::size_t channels, std::size_t samples, std::uint64_t key) {
    OwnedBlock block(channels, samples);
    for (std::size_t i = 0; i < samples; ++i) {
        kernels::phyll_normals(key, i, 0, channels, block.sample(i).data());
    }
    return block;
}

/// Two functions of the C interface of a BLAS.
struct Blas {
    void (*sgemm)(int, int, int, int, int, int, float, const float*, int, const float*, int, float,
                  float*, int) = nullptr;
    void (*cgemm)(int, int, int, int, int, int, const void*, const void*, int, const void*, int,
                  const void*, void*, int) = nullptr;

    static constexpr int column_major = 102;
    static constexpr int plain = 111;
    static constexpr int transposed = 112;
};

Blas open_blas(const char* path) {
    Blas blas;
    void* library = dlopen(path, RTLD_NOW);
    if (library == nullptr) {
        fmt::print("{}\n", dlerror());
        return blas;
    }
    blas.sgemm = reinterpret_cast<decltype(blas.sgemm)>(dlsym(library, "cblas_sgemm"));
    blas.cgemm = reinterpret_cast<decltype(blas.cgemm)>(dlsym(library, "cblas_cgemm"));
    using SetThreads = void (*)(int);
    if (const auto set = reinterpret_cast<SetThreads>(dlsym(library, "openblas_set_num_threads"))) {
        set(1);
    }
    return blas;
}

void report(const char* what, double operations, double seconds, double blas_seconds) {
    fmt::print("{:<34}{:8.1f} GFLOP/s", what, operations / seconds * 1e-9);
    if (blas_seconds > 0.0) {
        fmt::print("   BLAS {:6.1f}   ratio {:.2f}", operations / blas_seconds * 1e-9,
                   blas_seconds / seconds);
    }
    fmt::print("\n");
}

void bench_layer_products(const Blas& blas, std::size_t samples, std::size_t outputs,
                          std::size_t inputs) {
    const OwnedBlock y = normal_block(inputs, samples, 1);
    const OwnedBlock weights = normal_block(inputs, outputs, 2);
    const std::vector<float> bias(outputs);
    OwnedBlock z(outputs, samples);
    OwnedBlock slope(inputs, outputs);
    std::vector<float> bias_slope(outputs);
    OwnedBlock other = slope;
    OwnedBlock other_z = z;
    const int m = static_cast<int>(outputs);
    const int n = static_cast<int>(samples);
    const int k = static_cast<int>(inputs);
    std::vector<std::function<void()>> calls{
        [&] { training::affine_map(weights.view(), bias, y.view(), z.view()); },
        [&] {
            training::affine_gradient(y.view(), std::as_const(z).view(), slope.view(), bias_slope);
        }};
    if (blas.sgemm != nullptr) {
        calls.emplace_back([&] {
            blas.sgemm(Blas::column_major, Blas::transposed, Blas::plain, m, n, k, 1.0F,
                       weights.view().data(), k, y.view().data(), k, 0.0F, other_z.view().data(),
                       m);
        });
        calls.emplace_back([&] {
            blas.sgemm(Blas::column_major, Blas::plain, Blas::transposed, k, m, n, 1.0F,
                       y.view().data(), k, z.view().data(), m, 0.0F, other.view().data(), k);
        });
    }
    const std::vector<double> seconds = median_seconds(calls);
    const double operations = 2.0 * static_cast<double>(samples * outputs * inputs);
    const bool both = seconds.size() > 2;
    report(fmt::format("map {} x {} x {}", samples, outputs, inputs).c_str(), operations,
           seconds[0], both ? seconds[2] : 0.0);
    report("gradient of the same", operations, seconds[1], both ? seconds[3] : 0.0);
}

void bench_complex_product(const Blas& blas) {
    constexpr std::size_t samples = 500;
    constexpr std::size_t rows = 4000;
    constexpr std::size_t depth = 784;
    const OwnedBlock t_real = normal_block(depth, rows, 3);
    const OwnedBlock t_imaginary = normal_block(depth, rows, 4);
    const OwnedBlock s_real = normal_block(depth, samples, 5);
    const OwnedBlock s_imaginary = normal_block(depth, samples, 6);
    const auto view = [](const OwnedBlock& block, std::size_t first, std::size_t count) {
        return kernels::MatrixView{block.sample(first).data(), count, block.channels(),
                                   block.channels(), 1};
    };
    const std::size_t wide = kernels::phyll_complex_panel_rows();
    const std::size_t room = kernels::phyll_complex_panel_floats(depth);
    AlignedFloats packed(rows / wide * room);
    for (std::size_t panel = 0; panel < rows / wide; ++panel) {
        const kernels::MatrixView real = view(t_real, panel * wide, wide);
        const kernels::MatrixView imaginary = view(t_imaginary, panel * wide, wide);
        kernels::phyll_complex_pack(&real, &imaginary, packed.data() + panel * room);
    }
    AlignedFloats scratch(kernels::phyll_complex_scratch_floats(depth));
    std::vector<float> real(rows * samples);
    std::vector<float> imaginary(rows * samples);
    std::vector<float> t(2 * rows * depth, 0.5F);
    std::vector<float> s(2 * samples * depth, 0.5F);
    std::vector<float> e(2 * samples * rows);
    const kernels::MatrixView s_re = view(s_real, 0, samples);
    const kernels::MatrixView s_im = view(s_imaginary, 0, samples);
    constexpr std::array<float, 2> one{1.0F, 0.0F};
    constexpr std::array<float, 2> zero{0.0F, 0.0F};
    std::vector<std::function<void()>> calls{
        [&] {
            kernels::phyll_complex_product(packed.data(), rows, &s_re, &s_im, real.data(),
                                           imaginary.data(), rows, scratch.data());
        },
        [&] {
            kernels::phyll_complex_intensity(packed.data(), 2, rows / 2, &s_re, &s_im, 1.0F,
                                             real.data(), rows / 2, scratch.data());
        }};
    if (blas.cgemm != nullptr) {
        calls.emplace_back([&] {
            blas.cgemm(Blas::column_major, Blas::transposed, Blas::plain, rows, samples, depth,
                       one.data(), t.data(), depth, s.data(), depth, zero.data(), e.data(), rows);
        });
    }
    const std::vector<double> seconds = median_seconds(calls);
    const double operations = 8.0 * samples * rows * depth;
    const double other = seconds.size() > 2 ? seconds[2] : 0.0;
    report("complex 500 x 4000 x 784", operations, seconds[0], other);
    report("the same into intensities, 2 grains", operations, seconds[1], other);
}

/// What learning costs beyond the products that it is made of.
void bench_inner_steps(std::size_t width, std::size_t pairs) {
    constexpr std::uint64_t steps = 5;
    const OwnedBlock block = normal_block(width, 2 * pairs, 7);
    training::LocalLayer layer({.features = width, .width = width}, 1, 0);
    OwnedBlock z(width, block.samples());
    OwnedBlock slope(width, width);
    std::vector<float> bias_slope(width);
    const std::vector<double> seconds = median_seconds(
        {[&] { layer.learn(block.view(), layer.pair_loss(4.0), {.inner_steps = steps}); },
         [&] {
             for (std::uint64_t step = 0; step < steps; ++step) {
                 training::affine_map(layer.weights(), layer.bias(), block.view(), z.view());
                 training::affine_gradient(block.view(), std::as_const(z).view(), slope.view(),
                                           bias_slope);
             }
         }});
    fmt::print("inner step {0} x {0}, {1} pairs: {2:.2f} ms, its products {3:.2f} ms, "
               "share of the products {4:.2f}\n",
               width, pairs, seconds[0] / steps * 1e3, seconds[1] / steps * 1e3,
               seconds[1] / seconds[0]);
}

void bench_rest() {
    constexpr std::size_t count = 1'000'000;
    std::vector<float> numbers(count);
    training::Adam adam(count, {});
    std::vector<float> parameters(count);
    const std::vector<double> seconds =
        median_seconds({[&] { kernels::phyll_normals(1, 2, 0, count, numbers.data()); },
                        [&] { adam.update(parameters, numbers, 1e-3, 1); }});
    fmt::print("a normal number {:.2f} ns, a parameter of Adam {:.2f} ns\n",
               seconds[0] / count * 1e9, seconds[1] / count * 1e9);
}

} // namespace

int main(int argc, char** argv) {
    const Blas blas = argc > 1 ? open_blas(argv[1]) : Blas{};
    fmt::print("kernels {}, one thread, medians of {}\n", kernels::phyll_kernel_level(), rounds);
    bench_layer_products(blas, 1000, 676, 676);
    bench_layer_products(blas, 500, 784, 2000);
    bench_layer_products(blas, 412, 20, 40);
    bench_complex_product(blas);
    bench_inner_steps(676, 500);
    bench_inner_steps(676, 250);
    bench_inner_steps(20, 206);
    bench_rest();
}
