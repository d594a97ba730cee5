#pragma once

#include "daemon/runs/measuring/asker.hpp"
#include "daemon/runs/measuring/device.hpp"
#include "daemon/runs/measuring/meanwhile.hpp"
#include "daemon/runs/measuring/query.hpp"
#include "daemon/training/scheme.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::runs {

struct MeasurerOptions {
    std::uint64_t seed = 0;      ///< of the run
    bool reuse = false;          ///< a stimulus that was measured before is not measured again
    std::uint32_t repeats = 1;   ///< how often a stimulus is measured; the mean counts
    std::size_t query_batch = 0; ///< largest block asked for at once; 0: what the rig takes
    /// Makes the place where responses are remembered.
    MakeByteStore bytes{};
    /// Where measurements are kept before they are used, and found after an interruption; null:
    /// nowhere.
    RunJournal* journal = nullptr;
    Trouble* trouble = nullptr; ///< null: a fault ends the run
    std::optional<v1::SentinelsSpec> sentinels{};
    /// Once it is requested the rigs are asked no more: `answer` throws CANCELLED after the query
    /// under way, unless memory and journal have all that is left.
    std::stop_token pause{};
    /// Of the lease on the rigs: what they throw after that is CANCELLED.
    std::stop_token over{};
    const Clock* clock = nullptr; ///< null: nothing is said of how long the rigs are waited for
};

/// What is to be measured.
struct Wanted {
    training::Purpose purpose = training::Purpose::training;
    ConstBlock stimuli{};                        ///< n_in x samples
    std::span<const training::Origin> origins{}; ///< of each stimulus, or none
    bool on_test = false;
};

/// Asks the rigs of a run, and accounts for it.
///
/// It alone numbers measurements: per rig, in program order, training and evaluation in one count,
/// only what is really measured. How the queries are cut into blocks changes no answer.
/// Thread rule: one caller at a time.
class Measurer {
  public:
    explicit Measurer(MeasurerOptions options);
    Measurer(const Measurer&) = delete;
    Measurer& operator=(const Measurer&) = delete;

    /// What `access` refers to outlives the measurer.
    void add_rig(const std::string& name, RigAccess access);
    void add_rig(const std::string& name, PhysicalLayer& layer, std::uint64_t start_age) {
        add_rig(name, RigAccess{.layer = &layer, .start_age = start_age});
    }
    [[nodiscard]] const LayerSpec& spec(const std::string& rig) const;

    /// The responses to the stimuli, in order, from memory, from the journal or from the rig. What
    /// was measured, what was remembered and what it took is added to `cost`, that of the layer
    /// asked for. Throws CANCELLED when stopped, and what the rig, the journal or `meanwhile`
    /// throws.
    [[nodiscard]] OwnedBlock answer(const std::string& rig, const Wanted& wanted,
                                    v1::LayerCost& cost, std::stop_token stop,
                                    const Meanwhile& meanwhile = {});

    /// Displaces a simulated rig from the next measurement on. Throws as `answer` does.
    void perturb(const std::string& rig, double fraction, const std::stop_token& stop,
                 const Meanwhile& meanwhile = {});

    /// Whether the run displaced the rig so, and nothing else since.
    [[nodiscard]] bool perturbed(const std::string& rig, double fraction) const {
        return devices_.at(rig).perturbed == fraction;
    }

    /// The eras that ended since this was called last, in order.
    [[nodiscard]] std::vector<v1::EraEnded> take_ended_eras();
    /// Whether there are any to be taken.
    [[nodiscard]] bool has_ended_eras() const noexcept { return !ended_.empty(); }
    [[nodiscard]] std::uint64_t eras_ended() const;
    /// The rigs that failed, and were asked again, without sentinels to say whether they still are
    /// what they were.
    [[nodiscard]] std::vector<std::string> unproven() const;

    [[nodiscard]] std::vector<DevicePosition> positions() const;
    /// Goes on from positions that `positions` gave. Throws DATA_LOSS.
    void restore(const google::protobuf::RepeatedPtrField<DevicePosition>& positions);

  private:
    /// What the queries for one answer have in common.
    struct Request {
        Device& device;
        const Wanted& wanted;
        v1::LayerCost& cost;
        std::stop_token stop;
        const Meanwhile& meanwhile;
    };
    /// Stimuli to be measured one after the other, and where the answers go.
    struct Samples;
    /// Which stimuli of a plan have to be measured, and what is known of the others.
    struct Sorted;

    [[nodiscard]] OwnedBlock measure_all(const Request& request);
    [[nodiscard]] OwnedBlock measure_unknown(const Request& request);
    [[nodiscard]] Sorted sort(const Request& request, OwnedBlock& responses) const;
    /// Whether a response is taken from another run, in place of the measurement `number`.
    [[nodiscard]] bool borrow(const Request& request, const StimulusHash& hash, std::size_t sample,
                              std::uint64_t number, std::span<float> response) const;
    /// Each of them `repeats` times; the mean goes into the responses.
    void measure_repeated(const Request& request, const Samples& samples);
    void measure(const Request& request, const Samples& samples);
    [[nodiscard]] std::size_t measure_some(const Request& request, Query query);
    void displace(Device& device) const;

    // Eras.
    void keep_up(const Request& request);
    void look(const Request& request);
    /// The sentinels' responses, n_out x count, under these numbers.
    [[nodiscard]] OwnedBlock measure_round(const Request& request, std::uint64_t number);
    void probe(const Request& request);
    struct End {
        journal::MarkKind kind;
        std::string why;
        double moved = 0.0;
        std::uint64_t round = 0; ///< of sentinels, that was due; of `changed`
        bool recorded = false;
    };
    void end_era(const Request& request, const End& end);

    [[nodiscard]] std::uint64_t key(const std::string& rig, journal::Purpose purpose) const;

    MeasurerOptions options_;
    Asker asker_;
    std::map<std::string, Device> devices_;
    std::vector<v1::EraEnded> ended_;
};

} // namespace phyll::runs
