#pragma once

#include "drivers/core/error.hpp"
#include "drivers/core/physical_layer.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace phyll::test {

/// What a scripted layer was asked, and what it is to do. Shared with the test.
struct Script {
    std::atomic<int> queries = 0;
    std::atomic<int> made_safe = 0;
    std::atomic<int> recovered = 0;
    std::atomic<bool> gone = false;
    SafeState safe{}; ///< what it says when it is made safe
    /// Instead of the usual answer (2 x the first input on every output).
    std::function<void(ConstBlock, Block, const QueryContext&)> answer;

    struct Seen {
        std::uint64_t key;
        std::uint64_t number;
        std::uint64_t age;
        std::size_t samples;
    };
    [[nodiscard]] std::vector<Seen> seen() const {
        const std::lock_guard lock(mutex);
        return log;
    }

    mutable std::mutex mutex;
    std::vector<Seen> log;
};

/// A rig that does what its script says.
class ScriptedLayer final : public PhysicalLayer {
  public:
    explicit ScriptedLayer(std::shared_ptr<Script> script, std::size_t n_in = 2,
                           std::size_t n_out = 1, std::size_t max_batch = 4)
        : script_(std::move(script)) {
        spec_.kind = "scripted";
        spec_.max_batch = max_batch;
        spec_.seconds_per_sample = 0.5;
        spec_.inputs.assign(n_in, {.name = "in", .unit = "V"});
        spec_.outputs.assign(n_out, {.name = "p", .unit = "Pa", .minimum = -2, .maximum = 2});
    }
    ~ScriptedLayer() override { script_->gone = true; }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }
    void store_responses_as(const StorageFormat& format) { spec_.response_storage = format; }

    void query(ConstBlock x, Block y, const QueryContext& context) override {
        ++script_->queries;
        {
            const std::lock_guard lock(script_->mutex);
            script_->log.push_back({context.key, context.number, context.age, x.samples()});
        }
        if (script_->answer) {
            script_->answer(x, y, context);
            return;
        }
        for (std::size_t i = 0; i < x.samples(); ++i) {
            for (float& value : y.sample(i)) {
                value = 2.0F * x.sample(i)[0];
            }
        }
    }
    [[nodiscard]] SafeState make_safe() noexcept override {
        ++script_->made_safe;
        return script_->safe;
    }
    [[nodiscard]] Health health() const override { return {}; }
    void recover(const Deadline&, std::stop_token) override { ++script_->recovered; }

  private:
    std::shared_ptr<Script> script_;
    LayerSpec spec_;
};

/// An answer that ends only when the query is stopped; says that it has begun.
[[nodiscard]] inline auto hang(const Clock& clock, std::atomic<bool>& begun) {
    return [&clock, &begun](ConstBlock, Block, const QueryContext& context) {
        begun = true;
        begun.notify_all();
        static_cast<void>(clock.wait_until(Clock::Monotonic::max(), context.stop));
        throw Error(Code::cancelled, "stopped");
    };
}

} // namespace phyll::test
