#pragma once

#include "daemon/training/read_out.hpp"

#include <memory>
#include <stop_token>
#include <vector>

// What the kinds of read-outs share inside their room.
namespace phyll::training {

/// Training samples with standardised features, in parts that can be held out: part p has the
/// samples [begin[p], begin[p + 1]).
struct ReadOutParts {
    SampleRows features;
    std::vector<std::uint32_t> labels;
    std::vector<std::size_t> begin;
    std::size_t held_out = 0; ///< so many parts, the first, are ever held out
    std::size_t classes = 0;
    std::size_t most_held = 0; ///< see ReadOutSettings
    Workers* workers = nullptr;
    std::stop_token stop;

    [[nodiscard]] std::size_t parts() const noexcept { return begin.size() - 1; }
    [[nodiscard]] std::size_t size(std::size_t part) const { return begin[part + 1] - begin[part]; }
    [[nodiscard]] SampleRows rows(std::size_t part) const {
        return features.slice(begin[part], size(part));
    }
    [[nodiscard]] std::span<const std::uint32_t> labels_of(std::size_t part) const {
        return std::span(labels).subspan(begin[part], size(part));
    }
    /// Throws CANCELLED when the fit was stopped.
    void check_stop() const;
};

inline constexpr std::size_t nothing_held_out = static_cast<std::size_t>(-1);

/// Fits one kind of read-out to parts of the data. Thread rule: one caller.
class ReadOutFitter {
  public:
    ReadOutFitter() = default;
    ReadOutFitter(const ReadOutFitter&) = delete;
    ReadOutFitter& operator=(const ReadOutFitter&) = delete;
    virtual ~ReadOutFitter() = default;

    /// Operations that all its fits share.
    [[nodiscard]] virtual double operations() const = 0;
    /// A fit to everything but the part `held_out`, with its own operations. A fitter may start
    /// from its last fit.
    [[nodiscard]] virtual ReadOut fit(double regularisation, std::size_t held_out) = 0;
};

/// `parts` outlives the fitter.
[[nodiscard]] std::unique_ptr<ReadOutFitter> ridge_fitter(const ReadOutParts& parts);
[[nodiscard]] std::unique_ptr<ReadOutFitter> softmax_fitter(const ReadOutParts& parts);

} // namespace phyll::training
