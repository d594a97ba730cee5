#pragma once

#include "drivers/core/sample_block.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace phyll::cli {

/// What a network took samples for, and what that took.
struct Predictions {
    std::vector<std::string> class_names; ///< empty: the run does not know them
    std::vector<std::uint32_t> labels;    ///< predicted, a sample each
    std::vector<std::uint32_t> truth;     ///< where it is known: at least as many
    std::vector<float> scores;            ///< of each sample every class; empty: not asked for
    v1::InferReply totals;                ///< sums; the key is the first request's

    /// Adds what one request was answered.
    void add(const v1::InferReply& reply, ConstBlock scores_of_reply);
    /// Its name, or its number where it has none.
    [[nodiscard]] std::string name_of(std::uint32_t label) const;
    [[nodiscard]] std::size_t classes() const {
        return labels.empty() ? 0 : scores.size() / labels.size();
    }
    /// The share of samples that were taken for what they are, where that is known.
    [[nodiscard]] std::optional<double> accuracy() const;
};

/// A row for each sample, for people.
void print_table(const Predictions& predictions, std::ostream& out);
/// A JSON object for each sample.
void print_json(const Predictions& predictions, std::ostream& out);
/// A CSV file with a header, or, by a name that ends in ".npy", an array: of scores, samples x
/// classes in float32, where they were asked for, else of the classes' numbers in int32. "-" is CSV
/// on standard output. Throws PERMISSION_DENIED, RESOURCE_EXHAUSTED.
void write_predictions(const std::string& path, const Predictions& predictions);

} // namespace phyll::cli
