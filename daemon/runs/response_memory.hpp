#pragma once

#include "drivers/core/physical_layer.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace phyll::runs {

/// What a device is really told by a stimulus, as 128 bits: two stimuli that differ by less than
/// the device resolves are the same. BLAKE2b of the quantised device words.
struct StimulusHash {
    std::array<unsigned char, 16> bytes{};
    bool operator==(const StimulusHash&) const = default;
};

[[nodiscard]] StimulusHash hash_stimulus(const LayerSpec& spec, std::span<const float> stimulus);

/// The responses of one rig that were measured before, by stimulus.
class ResponseMemory {
  public:
    explicit ResponseMemory(std::size_t n_out) : n_out_(n_out) {}

    /// Where the response to a stimulus is kept; nothing when it was never measured.
    [[nodiscard]] std::optional<std::size_t> find(const StimulusHash& hash) const;
    /// Keeps a response and says where.
    std::size_t add(const StimulusHash& hash, std::span<const float> response);
    [[nodiscard]] std::span<const float> response(std::size_t place) const;
    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

  private:
    struct FirstBytes {
        std::size_t operator()(const StimulusHash& hash) const noexcept;
    };

    std::size_t n_out_;
    std::unordered_map<StimulusHash, std::size_t, FirstBytes> places_;
    std::vector<float> responses_;
};

} // namespace phyll::runs
