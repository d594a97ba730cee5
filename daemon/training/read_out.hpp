#pragma once

#include "daemon/training/sample_rows.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll {
class Workers;
} // namespace phyll

namespace phyll::training {

/// ridge: least squares on one-hot targets with a quadratic penalty, in closed form.
/// softmax: multinomial logistic regression with a quadratic penalty, by L-BFGS.
enum class ReadOutKind { ridge, softmax };

struct ReadOutSettings {
    ReadOutKind kind = ReadOutKind::ridge;
    /// Weight of the penalty, per sample and for features of unit variance. Not given: chosen from
    /// `read_out_grid` by the accuracy on held-out training samples, the stronger one on a tie.
    std::optional<double> regularisation{};
    std::uint64_t seed = 0; ///< fixes which samples are held out
    /// So many samples in a row are copies of one, and held out together: judged by copies of what
    /// it was fitted on, too weak a penalty looks best. Divides the number of samples.
    std::size_t shown_as = 1;
    /// softmax holds the features while it fits when they are so few numbers or fewer, else it
    /// reads them in every step of its optimiser. Changes nothing but memory and time.
    std::size_t most_held = std::size_t{1} << 27U;
    Workers* workers = nullptr; ///< that share the work; null: the caller's thread alone
    std::stop_token stop{};
};

/// A linear classifier: the class with the largest W f + b.
struct ReadOut {
    OwnedBlock weights;          ///< features x classes
    std::vector<float> bias;     ///< classes
    double regularisation = 0.0; ///< given or chosen
    /// Floating-point operations that fitting it took, the choice of the penalty included, as
    /// operations.hpp counts them. What the optimiser of softmax does beside gradients is not.
    double operations = 0.0;

    /// W f + b of each column of `features`, `features x samples`: `classes x samples`.
    [[nodiscard]] OwnedBlock scores(ConstBlock features) const;
    /// Of each column of `features`, `features x samples`.
    [[nodiscard]] std::vector<std::uint32_t> classify(ConstBlock features) const;
    /// Samples whose class is their label; they are read a few at a time.
    [[nodiscard]] std::size_t count_hits(const SampleRows& features,
                                         std::span<const std::uint32_t> labels) const;
};

/// The penalties that are tried, from strong to weak.
[[nodiscard]] std::span<const double> read_out_grid(ReadOutKind kind) noexcept;

/// Fits a read-out on the features of the training split alone, of at least one sample. They are
/// standardised inside; one that never changes gets no weight. With fewer than 2,000 samples,
/// copies included, the penalty is chosen by five-fold cross-validation, else on a fifth that is
/// held out; the fit is then on all samples. A single sample leaves nothing to hold out: the
/// strongest penalty is taken. A function of its arguments alone.
///
/// Features are read a few samples at a time. ridge reads each about four
/// times, and holds a few matrices of features x features in float64; for softmax see
/// `most_held`.
///
/// Throws CANCELLED when `settings.stop` asks for it; of kind ridge INTERNAL for features that are
/// not finite, FAILED_PRECONDITION when a given penalty is too small to solve by.
[[nodiscard]] ReadOut fit_read_out(const SampleRows& features,
                                   std::span<const std::uint32_t> labels, std::size_t classes,
                                   const ReadOutSettings& settings);

} // namespace phyll::training
