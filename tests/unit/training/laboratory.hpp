#pragma once

#include "daemon/training/data/data_set.hpp"
#include "daemon/training/scheme.hpp"
#include "daemon/training/schemes/infonce/infonce.pb.h"
#include "daemon/training/schemes/phyll/phyll.pb.h"
#include "daemon/training/schemes/prototypes/prototypes.pb.h"
#include "daemon/training/schemes/scheme_job.hpp"
#include "daemon/training/trained_network.hpp"
#include "phyll/v1/run_spec.pb.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::training::test {

/// A rig without physics: y = sin(A x) with a fixed random A, `steepness` times normal.
class SineRig {
  public:
    SineRig(std::size_t inputs, std::size_t outputs, double steepness = 1.0);

    [[nodiscard]] RigShape shape() const noexcept {
        return {mixing_.channels(), mixing_.samples()};
    }
    [[nodiscard]] OwnedBlock respond(ConstBlock stimuli) const;

  private:
    OwnedBlock mixing_; ///< inputs x outputs
};

/// A run spec as the daemon gives it to a scheme, with every default filled in.
[[nodiscard]] phyll::v1::RunSpec complete_spec(std::size_t layers);
[[nodiscard]] v1::PhyllOptions complete_options();
[[nodiscard]] v1::PrototypesOptions complete_prototypes();
[[nodiscard]] v1::InfonceOptions complete_infonce();

/// A scheme for `spec`, on rigs of 24 inputs and 20 outputs.
[[nodiscard]] std::unique_ptr<Scheme>
make_scheme(const phyll::v1::RunSpec& spec, const SplitData& data, const v1::PhyllOptions& options);
[[nodiscard]] std::unique_ptr<Scheme> make_scheme(const phyll::v1::RunSpec& spec,
                                                  const SplitData& data);

/// What the layers of each of these learn by: for `make_local`.
inline constexpr const char* local_kinds[] = {"phyll", "phyll, hard", "prototypes"};
/// And one that learns without labels.
inline constexpr const char* all_local_kinds[] = {"phyll", "phyll, hard", "prototypes", "infonce"};
/// A scheme of such a kind, on the same rigs.
[[nodiscard]] std::unique_ptr<Scheme>
make_local(const std::string& kind, const phyll::v1::RunSpec& spec, const SplitData& data);

/// A read-out of the kind that `spec` names ("ridge", "softmax"), on the same rigs.
[[nodiscard]] std::unique_ptr<Scheme> make_read_out(const phyll::v1::RunSpec& spec,
                                                    const SplitData& data);
/// Any scheme, on rigs of that shape.
[[nodiscard]] std::unique_ptr<Scheme>
make_scheme_on(const RigShape& shape, const phyll::v1::RunSpec& spec, const SplitData& data);

/// The network that a scheme of one of these kinds ("phyll", "prototypes", "infonce", "ridge",
/// "softmax")
/// trained on those rigs.
[[nodiscard]] std::unique_ptr<TrainedNetwork> restore_network(const std::string& kind,
                                                              const phyll::v1::RunSpec& spec,
                                                              std::size_t classes,
                                                              std::span<const NamedArray> network);
/// The rig that these schemes are made for.
[[nodiscard]] SineRig small_rig();

/// What a run left behind.
struct Record {
    std::vector<StepReport> reports;                       ///< one per step
    std::map<std::size_t, std::uint64_t> training_queries; ///< per layer
    std::map<std::size_t, std::uint64_t> evaluation_queries;
    std::optional<double> train_accuracy;
    std::optional<double> test_accuracy;

    [[nodiscard]] std::uint64_t all_training_queries() const;
};

/// Takes schemes through their steps as a runner does, on one SineRig that all layers share.
class Runner {
  public:
    struct Settings {
        bool remember = false;          ///< each layer's stimuli are measured once
        bool plan_ahead = false;        ///< whenever the scheme allows it
        std::size_t query_batch = 1000; ///< largest number of samples at a time
    };

    Runner() : Runner(Settings{}) {}
    explicit Runner(const Settings& settings);

    /// Takes the steps [first, last).
    void run(Scheme& scheme, std::uint64_t first, std::uint64_t last);
    /// Takes all steps.
    Record run(Scheme& scheme);

    [[nodiscard]] const Record& record() const noexcept { return record_; }

  private:
    OwnedBlock answer(const Plan& plan);
    OwnedBlock measure(const Plan& plan, ConstBlock stimuli);

    Settings settings_;
    SineRig rig_;
    std::map<std::pair<std::size_t, std::string>, std::vector<float>> memory_;
    Record record_;
};

/// A spec of the size that unit tests can afford: two layers, few epochs.
[[nodiscard]] phyll::v1::RunSpec small_spec();
/// 70 training and 70 test vowels.
[[nodiscard]] SplitData small_vowels();
/// Makes the last so many training samples the validation split.
void hold_out(Split& split, std::size_t samples);

} // namespace phyll::training::test
