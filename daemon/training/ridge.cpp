#include "daemon/training/read_out_parts.hpp"

#include "daemon/training/operations.hpp"
#include "daemon/training/tiles.hpp"
#include "drivers/core/error.hpp"

#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::training {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

/// Samples that are taken to double precision at a time.
constexpr std::size_t chunk = 512;
/// Columns of the Gram matrix that are one task.
constexpr Index columns = 128;

/// What least squares needs of some samples: the features have a last one more, which is 1.
struct Sums {
    MatrixXd gram;    ///< f f^T summed over samples
    MatrixXd targets; ///< f t^T, t the one-hot target
};

class RidgeFitter final : public ReadOutFitter {
  public:
    explicit RidgeFitter(const ReadOutParts& parts) : parts_(parts) {
        all_ = empty();
        for (std::size_t part = 0; part < parts.parts(); ++part) {
            Sums of_part = sums_of(part);
            all_.gram += of_part.gram;
            all_.targets += of_part.targets;
            if (part < parts.held_out) {
                of_part_.push_back(std::move(of_part));
            }
        }
    }

    [[nodiscard]] double operations() const override {
        return gram_operations(parts_.features.channels + 1, parts_.features.samples);
    }
    [[nodiscard]] ReadOut fit(double regularisation, std::size_t held_out) override {
        parts_.check_stop();
        Sums m = all_;
        std::size_t samples = parts_.features.samples;
        if (held_out != nothing_held_out) {
            m.gram -= of_part_[held_out].gram;
            m.targets -= of_part_[held_out].targets;
            samples -= parts_.size(held_out);
        }
        // The bias carries no penalty; a little keeps what does not occur solvable.
        m.gram.diagonal().head(features()).array() += regularisation * static_cast<double>(samples);
        m.gram.diagonal().array() += 1e-9 * static_cast<double>(samples);
        // Eigen takes what is no number for a success.
        if (!m.gram.allFinite()) {
            throw Error(
                Code::internal,
                "the features of a ridge read-out cannot be fitted: some value is not finite");
        }
        const Eigen::LLT<MatrixXd> factor(m.gram.selfadjointView<Eigen::Lower>());
        if (factor.info() != Eigen::Success) {
            throw Error(Code::failed_precondition,
                        fmt::format("the features of a ridge read-out depend on each other too "
                                    "closely for a regularisation of {:g}; give a larger one",
                                    regularisation));
        }
        return read_out(factor.solve(m.targets));
    }

  private:
    [[nodiscard]] Index features() const { return static_cast<Index>(parts_.features.channels); }
    [[nodiscard]] Sums empty() const {
        return {MatrixXd::Zero(features() + 1, features() + 1),
                MatrixXd::Zero(features() + 1, static_cast<Index>(parts_.classes))};
    }

    [[nodiscard]] Sums sums_of(std::size_t part) const {
        Sums m = empty();
        const SampleRows rows = parts_.rows(part);
        const std::span<const std::uint32_t> labels = parts_.labels_of(part);
        OwnedBlock block(rows.channels, std::min(chunk, rows.samples));
        for (std::size_t first = 0; first < rows.samples; first += chunk) {
            parts_.check_stop();
            const std::size_t count = std::min(chunk, rows.samples - first);
            rows.gather(first, block.view().slice(0, count));
            MatrixXd f = MatrixXd::Ones(features() + 1, static_cast<Index>(count));
            f.topRows(features()) = Eigen::Map<const Eigen::MatrixXf>(
                                        block.view().data(), features(), static_cast<Index>(count))
                                        .cast<double>();
            add_gram(f, m.gram);
            for (std::size_t i = 0; i < count; ++i) {
                m.targets.col(static_cast<Index>(labels[first + i])) +=
                    f.col(static_cast<Index>(i));
            }
        }
        return m;
    }

    /// Adds f f^T, below the diagonal and in a few columns above it.
    void add_gram(const MatrixXd& f, MatrixXd& gram) const {
        const Index rows = f.rows();
        for_each_tile(parts_.workers, static_cast<std::size_t>((rows + columns - 1) / columns),
                      static_cast<double>(f.size()) * static_cast<double>(rows),
                      [&](std::size_t i) {
                          const Index first = static_cast<Index>(i) * columns;
                          const Index count = std::min(columns, rows - first);
                          gram.block(first, first, rows - first, count).noalias() +=
                              f.bottomRows(rows - first) * f.middleRows(first, count).transpose();
                      });
    }

    [[nodiscard]] ReadOut read_out(const MatrixXd& solution) const {
        ReadOut out{.weights = OwnedBlock(parts_.features.channels, parts_.classes),
                    .bias = std::vector<float>(parts_.classes)};
        for (std::size_t c = 0; c < parts_.classes; ++c) {
            const auto column = solution.col(static_cast<Index>(c));
            for (std::size_t k = 0; k < parts_.features.channels; ++k) {
                out.weights.sample(c)[k] = static_cast<float>(column(static_cast<Index>(k)));
            }
            out.bias[c] = static_cast<float>(column(features()));
        }
        out.operations = cholesky_operations(parts_.features.channels + 1, parts_.classes);
        return out;
    }

    const ReadOutParts& parts_;
    std::vector<Sums> of_part_; ///< of those that are ever held out
    Sums all_;
};

} // namespace

std::unique_ptr<ReadOutFitter> ridge_fitter(const ReadOutParts& parts) {
    return std::make_unique<RidgeFitter>(parts);
}

} // namespace phyll::training
