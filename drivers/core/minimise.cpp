#include "drivers/core/minimise.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <lbfgs.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <memory>

namespace phyll {
namespace {

struct FreeParameters {
    void operator()(lbfgsfloatval_t* parameters) const noexcept { lbfgs_free(parameters); }
};

/// The function as libLBFGS may call it: nothing is thrown through a library in C.
struct Call {
    const LossAndGradient& loss;
    std::stop_token stop;
    std::exception_ptr failure{};

    double evaluate(std::span<const double> parameters, std::span<double> gradient) noexcept {
        try {
            if (!failure) {
                return loss(parameters, gradient);
            }
        } catch (...) {
            failure = std::current_exception();
        }
        std::ranges::fill(gradient, 0.0);
        return 0.0;
    }
    [[nodiscard]] bool is_over() const noexcept {
        return failure != nullptr || stop.stop_requested();
    }
};

/// A line search that finds no way down leaves the parameters where they were: at the optimum, or
/// as near as the function's precision allows.
bool arrived(int status) {
    constexpr std::array near{
        LBFGSERR_MAXIMUMITERATION, LBFGSERR_ROUNDING_ERROR,    LBFGSERR_MINIMUMSTEP,
        LBFGSERR_MAXIMUMSTEP,      LBFGSERR_MAXIMUMLINESEARCH, LBFGSERR_WIDTHTOOSMALL,
        LBFGSERR_OUTOFINTERVAL,    LBFGSERR_INCORRECT_TMINMAX, LBFGSERR_INCREASEGRADIENT};
    return status >= 0 || std::ranges::find(near, status) != near.end();
}

} // namespace

void minimise(std::span<double> parameters, const LossAndGradient& loss,
              const MinimiseSettings& settings) {
    // The library wants its own alignment.
    const auto size = static_cast<int>(parameters.size());
    const std::unique_ptr<lbfgsfloatval_t, FreeParameters> memory(lbfgs_malloc(size));
    if (!memory) {
        throw Error(Code::resource_exhausted,
                    fmt::format("no memory for the {} parameters of a fit", parameters.size()));
    }
    std::ranges::copy(parameters, memory.get());
    lbfgs_parameter_t how;
    lbfgs_parameter_init(&how);
    how.m = settings.corrections;
    how.epsilon = settings.precision;
    how.max_iterations = settings.most_iterations;
    Call call{.loss = loss, .stop = settings.stop};
    const int status = lbfgs(
        size, memory.get(), nullptr,
        [](void* self, const lbfgsfloatval_t* x, lbfgsfloatval_t* g, int n, lbfgsfloatval_t) {
            const auto count = static_cast<std::size_t>(n);
            return static_cast<Call*>(self)->evaluate({x, count}, {g, count});
        },
        [](void* self, const lbfgsfloatval_t*, const lbfgsfloatval_t*, lbfgsfloatval_t,
           lbfgsfloatval_t, lbfgsfloatval_t, lbfgsfloatval_t, int, int,
           int) { return static_cast<Call*>(self)->is_over() ? 1 : 0; },
        &call, &how);
    if (call.failure) {
        std::rethrow_exception(call.failure);
    }
    if (settings.stop.stop_requested()) {
        throw Error(Code::cancelled, "a fit was stopped");
    }
    if (!arrived(status)) {
        throw Error(Code::internal, fmt::format("a fit ended with libLBFGS's status {}", status));
    }
    std::copy_n(memory.get(), parameters.size(), parameters.begin());
}

} // namespace phyll
