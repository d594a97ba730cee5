#pragma once

#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::training {

/// Why a stimulus is measured; part of the measurement's identity.
enum class Purpose { training, evaluation, sentinel, characterisation };

/// What a step does, for those who watch.
enum class Stage { measuring, training, validating, testing };

/// Which sample of the data a stimulus shows, and under which label.
struct Origin {
    static constexpr std::uint32_t no_label = UINT32_MAX;

    /// In its split. Those of the validation split are counted on from the training split's last.
    std::uint32_t sample = 0;
    std::uint32_t label = no_label;

    bool operator==(const Origin&) const = default;
};

/// The stimuli that a scheme wants answered before it takes a step.
struct Plan {
    std::size_t layer = 0; ///< whose rig; counted from 0
    Purpose purpose = Purpose::training;
    Stage stage = Stage::training;
    std::size_t epoch = 0; ///< counted from 0
    /// The same over the whole training: greedy, a layer's epochs follow those of the one before.
    std::size_t overall_epoch = 0;
    /// Drives in [0, 1], `n_in x samples`; no samples when the step needs no physics.
    OwnedBlock stimuli;
    /// What the encoding had to clip, of how many drive values.
    std::uint64_t clipped = 0;
    std::uint64_t encoded = 0;
    /// Where the plan shows whole samples of a split to the first layer, each under every label in
    /// turn (or as it is, where no label is shown): their indices in the split. Else empty.
    std::vector<std::uint32_t> samples;
    std::vector<Origin> origins; ///< of each stimulus
    bool on_test = false;        ///< whether they are of the test split
};

/// An epoch of a layer (greedy) or of all layers (simultaneous: reported for the last one).
struct EpochReport {
    std::size_t layer = 0;
    std::size_t epoch = 0;
    double loss = 0.0; ///< mean over the epoch's pairs and inner steps
    /// Share of pairs whose positive sample has more goodness; where a scheme knows of no pairs, of
    /// samples whose own class has the most at this layer, or whose own copy is the most alike.
    double pair_accuracy = 0.0;
    /// Share of training samples whose own label has the most goodness, after the epoch, summed
    /// over the layers so far; only where every label's response is at hand without asking for
    /// more.
    std::optional<double> train_accuracy;
    /// Share of samples of the validation split that the layers so far judge right: after the
    /// epoch, and before it, where a rig was displaced at its begin.
    std::optional<double> validation_accuracy{};
    std::optional<double> validation_accuracy_before{};
};

/// How often a value fell into each of as many bins of equal width, from `least` to `most`. What is
/// beyond an end is counted in the bin at that end.
struct Histogram {
    double least = 0.0;
    double most = 0.0;
    std::vector<std::uint64_t> counts;

    bool operator==(const Histogram&) const = default;
};

/// How the test split was judged, sample by sample; `JudgementCounter` makes it.
struct TestJudgement {
    std::size_t classes = 0;
    /// How many samples of the class `true` were taken for `predicted`: [true * classes +
    /// predicted].
    std::vector<std::uint64_t> confusion;
    /// Of schemes that judge by goodness: that of the sample's own label, and the largest of its
    /// other labels, summed over the layers. Both or none, with the same bins.
    std::optional<Histogram> own{};
    std::optional<Histogram> best_other{};

    bool operator==(const TestJudgement&) const = default;
};

/// What a step taught.
struct StepReport {
    std::optional<double> loss;
    std::optional<EpochReport> epoch;
    /// Set by the last step that tests the split in question.
    std::optional<double> train_accuracy;
    std::optional<double> test_accuracy;
    /// Floating-point operations of the step, `plan` included: a function of sizes, which
    /// operations.hpp counts.
    double operations = 0.0;
    /// Comes with `test_accuracy`, of schemes that keep count and data of few enough classes.
    std::optional<TestJudgement> test_judgement{};
};

/// A part of a scheme's state, named so that it can be stored, hashed and read elsewhere.
struct NamedArray {
    std::string name;               ///< "layer1/weights"
    std::vector<std::size_t> shape; ///< the last index varies fastest
    std::vector<float> values;

    bool operator==(const NamedArray&) const = default;
};

/// What a layer will cost, known before anything is measured.
struct LayerOutlook {
    std::size_t inputs = 0;               ///< of the layer
    std::size_t features = 0;             ///< what its digital map sees
    std::uint64_t training_queries = 0;   ///< at most
    std::uint64_t evaluation_queries = 0; ///< at most
};

/// A way of training, as a stepper: it says which stimuli it wants next and learns from the
/// answers. It queries nothing itself, knows no clock and has no other state than the one it can
/// save. The same (run spec, data, split, responses) gives the same bits.
///
/// Thread rule: one caller at a time.
class Scheme {
  public:
    Scheme() = default;
    Scheme(const Scheme&) = delete;
    Scheme& operator=(const Scheme&) = delete;
    virtual ~Scheme() = default;

    /// Number of steps of the whole job, evaluation included; fixed.
    [[nodiscard]] virtual std::uint64_t steps() const = 0;

    /// What step `step` needs. Steps are planned in order, and changes nothing.
    [[nodiscard]] virtual Plan plan(std::uint64_t step) const = 0;

    /// Takes the step that `planned` was made for; `responses` are `n_out x samples` of its
    /// stimuli.
    virtual StepReport learn(std::uint64_t step, const Plan& planned, ConstBlock responses) = 0;

    /// Whether plan(step + 1) may be asked before learn(step).
    [[nodiscard]] virtual bool may_plan_ahead(std::uint64_t step) const = 0;

    /// Goes back to step 0 with the weights that it has: what was learned stays, what was measured
    /// does not count any more.
    virtual void start_over() = 0;

    [[nodiscard]] virtual std::vector<LayerOutlook> outlook() const = 0;

    /// How many of the training samples, the first so many, it knows the labels of; none: of all.
    /// What it is held against knows no more.
    [[nodiscard]] virtual std::optional<std::size_t> labelled() const { return std::nullopt; }

    /// Everything that inference needs: weights, scales, encodings, label level.
    [[nodiscard]] virtual std::vector<NamedArray> network() const = 0;
    /// Everything that going on from here needs, the network included.
    [[nodiscard]] virtual std::vector<NamedArray> state() const = 0;
    /// Takes over what `state` gave; throws DATA_LOSS when it does not fit this job.
    virtual void restore(std::span<const NamedArray> state) = 0;
};

} // namespace phyll::training
