#pragma once

#include "daemon/runs/response_memory.hpp"
#include "daemon/training/scheme.hpp"
#include "drivers/core/physical_layer.hpp"

#include <phyll/v1/runs.pb.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <utility>

namespace phyll::runs {

struct MeasurerOptions {
    std::uint64_t seed = 0;      ///< of the run
    bool reuse = false;          ///< a stimulus that was measured before is not measured again
    std::size_t query_batch = 0; ///< largest block asked for at once; 0: what the rig takes
    /// Makes the place where responses are remembered.
    MakeByteStore bytes{};
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

    /// The responses to `stimuli`, in order, from memory or from the rig. What was measured, what
    /// was remembered and what it took is added to `cost`; `after_block` is called after every
    /// query. Throws CANCELLED when stopped, and what the rig throws.
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
        std::uint64_t key;
        training::Purpose purpose;
        v1::LayerCost& cost;
        std::stop_token stop;
        const std::function<void()>& after_block;
    };

    void measure(const Request& request, ConstBlock stimuli, Block responses) const;
    [[nodiscard]] OwnedBlock measure_unknown(const Request& request, ConstBlock stimuli) const;

    MeasurerOptions options_;
    std::map<std::string, Device> devices_;
};

} // namespace phyll::runs
