#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace phyll {
class Workers;
} // namespace phyll

namespace phyll::training {

struct AdamSettings {
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
};

/// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1) for
/// one array of parameters. How many steps were taken is told by the caller, not remembered.
class Adam {
  public:
    Adam(std::size_t parameters, const AdamSettings& settings);

    /// Takes step number `step`, counted from 1, with the help of `workers` if there are any;
    /// results do not depend on it.
    void update(std::span<float> parameters, std::span<const float> gradient, double learning_rate,
                std::uint64_t step, Workers* workers = nullptr);

    /// As before the first step.
    void forget();

    /// The running means of the gradient and of its square: all of the state.
    [[nodiscard]] std::span<float> first_moment() noexcept { return first_; }
    [[nodiscard]] std::span<const float> first_moment() const noexcept { return first_; }
    [[nodiscard]] std::span<float> second_moment() noexcept { return second_; }
    [[nodiscard]] std::span<const float> second_moment() const noexcept { return second_; }

  private:
    AdamSettings settings_;
    std::vector<float> first_;
    std::vector<float> second_;
};

} // namespace phyll::training
