#pragma once

#include "drivers/core/physical_layer.hpp"
#include "drivers/core/sample_store.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

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
    /// Responses are kept in `format`, the rig's, in `bytes`; null: in memory.
    explicit ResponseMemory(std::size_t n_out, const StorageFormat& format = {},
                            std::unique_ptr<ByteStore> bytes = nullptr)
        : responses_(format, n_out, std::move(bytes)) {}

    /// Where the response to a stimulus is kept; nothing when it was never measured.
    [[nodiscard]] std::optional<std::size_t> find(const StimulusHash& hash) const;
    /// Keeps a response and says where. Throws INTERNAL when it does not survive the format,
    /// RESOURCE_EXHAUSTED when there is no room.
    std::size_t add(const StimulusHash& hash, std::span<const float> response);
    /// Fills `response`, one place per output.
    void read(std::size_t place, std::span<float> response) const {
        responses_.read(place, response);
    }
    void clear() {
        places_.clear();
        responses_.resize(0);
    }
    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

  private:
    struct FirstBytes {
        std::size_t operator()(const StimulusHash& hash) const noexcept;
    };

    std::unordered_map<StimulusHash, std::size_t, FirstBytes> places_;
    SampleStore responses_;
};

} // namespace phyll::runs
