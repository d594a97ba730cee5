#pragma once

#include "daemon/training/named_arrays.hpp"
#include "daemon/training/scheme.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::training {

/// Counts how samples are judged, over as many steps as it takes: which class each was taken for,
/// and how far its own label was ahead. Only numbers that float32 holds exactly, up to 16 million
/// samples, so that a state is all there is.
class JudgementCounter {
  public:
    /// Of more classes a matrix of all pairs is nothing to look at, and is not kept.
    static constexpr std::size_t most_classes = 100;
    static constexpr std::size_t bins = 80;

    struct Range {
        double least;
        double most;
    };

    /// `goodness`: between which values scores are binned, where they are a goodness (-L to L when
    /// summed over L layers); none: no histograms.
    explicit JudgementCounter(std::size_t classes, std::optional<Range> goodness = std::nullopt);

    /// A sample of class `label`, with the score of every class; it is taken for the first of the
    /// largest. Whether that is right.
    bool add(std::uint32_t label, std::span<const float> scores);

    [[nodiscard]] std::uint64_t hits() const noexcept {
        return static_cast<std::uint64_t>(counts_[0]);
    }
    /// Share of the samples that were taken for their own class; 0 when there were none.
    [[nodiscard]] double accuracy() const noexcept;
    /// What was counted; nothing where there are more than `most_classes`.
    [[nodiscard]] std::optional<TestJudgement> judgement() const;
    void clear();

    /// The array that holds the counts.
    [[nodiscard]] NamedArray save(std::string name) const {
        return named_vector(std::move(name), counts_);
    }
    /// Throws DATA_LOSS, changing nothing, when the array is missing or of another job.
    void restore(const ArrayReader& arrays, std::string_view name);

  private:
    [[nodiscard]] bool keeps_pairs() const noexcept { return classes_ <= most_classes; }
    [[nodiscard]] Histogram histogram(std::size_t first) const;
    void count_bin(std::size_t first, float goodness);

    std::size_t classes_;
    std::optional<Range> goodness_;
    std::vector<float> counts_; ///< hits, samples, the pairs, own labels, best other ones
};

} // namespace phyll::training
