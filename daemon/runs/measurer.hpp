#pragma once

#include "daemon/runs/response_memory.hpp"
#include "daemon/training/scheme.hpp"
#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace phyll::runs {

class RunJournal;

struct MeasurerOptions {
    std::uint64_t seed = 0;      ///< of the run
    bool reuse = false;          ///< a stimulus that was measured before is not measured again
    std::size_t query_batch = 0; ///< largest block asked for at once; 0: what the rig takes
    /// Makes the place where responses are remembered.
    MakeByteStore bytes{};
    /// Where measurements are kept before they are used, and found after an interruption; null:
    /// nowhere.
    RunJournal* journal = nullptr;
};

/// Asks the rigs of a run, and accounts for it.
///
/// It alone numbers measurements: per rig, in program order, training and evaluation in one count,
/// only what is really measured. How the queries are cut into blocks changes no answer.
/// Thread rule: one caller at a time.
class Measurer {
  public:
    explicit Measurer(MeasurerOptions options) : options_(std::move(options)) {}
    Measurer(const Measurer&) = delete;
    Measurer& operator=(const Measurer&) = delete;

    /// `layer` outlives the measurer; `start_age` is the rig's age, in samples, at the run's start.
    void add_rig(const std::string& name, PhysicalLayer& layer, std::uint64_t start_age);
    [[nodiscard]] const LayerSpec& spec(const std::string& rig) const;

    /// The responses to `stimuli`, in order, from memory, from the journal or from the rig. What
    /// was measured, what was remembered and what it took is added to `cost`, that of the layer
    /// asked for; `after_block` is called after every query. Throws CANCELLED when stopped, and
    /// what the rig or the journal throws.
    [[nodiscard]] OwnedBlock answer(const std::string& rig, training::Purpose purpose,
                                    ConstBlock stimuli, v1::LayerCost& cost, std::stop_token stop,
                                    const std::function<void()>& after_block);

  private:
    struct Device {
        PhysicalLayer* layer;
        std::uint64_t start_age;
        std::uint64_t next_number = 0;
        ResponseMemory memory;
    };
    /// What the queries for one answer have in common.
    struct Request {
        Device& device;
        std::string_view rig;
        std::uint64_t key;
        training::Purpose purpose;
        v1::LayerCost& cost;
        std::stop_token stop;
        const std::function<void()>& after_block;
    };

    /// A query: samples with consecutive numbers.
    struct Query {
        std::uint64_t number;
        ConstBlock stimuli;
        std::span<const StimulusHash> hashes; ///< none where there is no journal
        Block responses;

        [[nodiscard]] Query slice(std::size_t first, std::size_t count) const;
    };

    /// `hashes` of the stimuli; may be empty where there is no journal.
    void measure(const Request& request, ConstBlock stimuli, std::span<const StimulusHash> hashes,
                 Block responses) const;
    /// How many of the query's first samples the journal has; they are filled in.
    [[nodiscard]] std::size_t recall(const Request& request, const Query& query) const;
    void ask(const Request& request, const Query& query) const;
    [[nodiscard]] OwnedBlock measure_unknown(const Request& request, ConstBlock stimuli) const;

    MeasurerOptions options_;
    std::map<std::string, Device> devices_;
};

} // namespace phyll::runs
