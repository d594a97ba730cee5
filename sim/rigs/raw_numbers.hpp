#pragma once

#include "drivers/core/physical_layer.hpp"

#include <complex>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace phyll::sim {

/// Room for the complex numbers that a simulation makes responses of, for those samples of a block
/// whose sink wants them. Costs nothing where none does.
class RawNumbers {
  public:
    /// `sink` may be null, and outlives this.
    RawNumbers(RawSink* sink, std::size_t samples, std::size_t per_sample);
    RawNumbers(const RawNumbers&) = delete;
    RawNumbers& operator=(const RawNumbers&) = delete;

    /// One for each sample, empty where it is not wanted; none at all where no sample is.
    [[nodiscard]] std::span<const std::span<std::complex<float>>> rows() const noexcept {
        return rows_;
    }
    /// Gives the sink what is in the rows. See RawSink::keep for the type.
    void hand_over(std::string_view type);

  private:
    RawSink* sink_;
    std::vector<std::complex<float>> numbers_;
    std::vector<std::span<std::complex<float>>> rows_;
};

} // namespace phyll::sim
