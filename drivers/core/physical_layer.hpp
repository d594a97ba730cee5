#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/core/sample_block.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace phyll {

/// What stands behind a number that a rig returned.
enum class Evidence {
    simulation,
    virtual_instruments,
    replay_twin, ///< a network that was fitted to a recording
    replay,      ///< a recording's own responses
    hardware
};

/// How one channel's values are stored without loss.
struct StorageFormat {
    enum class Kind { bits, u8, u16_scaled, float32 };
    Kind kind = Kind::float32;
    /// For u8 and u16_scaled: value = offset + scale * stored integer.
    double scale = 1.0;
    double offset = 0.0;
};

/// An input of the rig.
struct DriveChannel {
    std::string name;     ///< "tone 580 Hz"
    std::string unit;     ///< of the two values below: "V", "Pa", "1"
    double at_zero = 0.0; ///< physical value of drive 0
    double at_one = 1.0;  ///< physical value of drive 1
    unsigned levels = 0;  ///< distinct levels (2: a meta-atom, 256: an 8-bit SLM); 0: continuous
};

/// An output of the rig, in physical units.
struct ResponseChannel {
    std::string name;
    std::string unit;
    double minimum = 0.0; ///< values outside [minimum, maximum] are faults, not data
    double maximum = 0.0;
    /// What a person should know of it: "R^2 0.991"; mostly empty.
    // NOLINTNEXTLINE(readability-redundant-member-init): or g++ wants it in every initialiser
    std::string note{};
};

/// What a rig is. Constant over the rig's life.
struct LayerSpec {
    std::string kind;                     ///< "acoustic"
    std::vector<DriveChannel> inputs;     ///< n_in of them
    std::vector<ResponseChannel> outputs; ///< n_out of them
    StorageFormat stimulus_storage;
    StorageFormat response_storage;
    std::size_t max_batch = 1;       ///< largest number of samples in one query
    double seconds_per_sample = 0.0; ///< nominal time of the physics, in s
    bool deterministic = true;       ///< the same (stimulus, key, number, age) gives the same bits
    bool can_follow = false;         ///< `QueryContext::follow` is supported
    bool closed_domain = false;      ///< answers only stimuli that it knows (a replay)
    Evidence evidence = Evidence::simulation;
    /// What is replayed, "x.csv, y.csv (...)", or the instruments with their serials; else empty.
    std::string evidence_of;
    std::vector<std::string> notes; ///< what a person should know of the rig, a line each
    /// What never leaves the rig's last stage, in physical units, a line each.
    std::vector<std::string> limits;

    [[nodiscard]] std::size_t n_in() const noexcept { return inputs.size(); }
    [[nodiscard]] std::size_t n_out() const noexcept { return outputs.size(); }
};

/// When a sample's physics began and ended.
struct SampleTime {
    Clock::Monotonic start;
    Clock::Monotonic end;
};

/// Takes what an instrument really gave for some samples of a query, before responses were made of
/// it: a sweep, a frame, a record.
///
/// Samples are counted from 0 within the query's block. Thread rule: both are called on the thread
/// that called `query`, and before it returns.
class RawSink {
  public:
    RawSink() = default;
    RawSink(const RawSink&) = default;
    RawSink& operator=(const RawSink&) = default;
    RawSink(RawSink&&) = default;
    RawSink& operator=(RawSink&&) = default;
    virtual ~RawSink() = default;

    [[nodiscard]] virtual bool wants(std::size_t sample) const = 0;
    /// `type` says what the bytes are, in one line: element type, what of, how many, the unit where
    /// there is one; numbers are little-endian. Both are copied. Called at most once for a sample,
    /// in any order, and only for one that is wanted. Where the query throws after all, what was
    /// kept counts for nothing.
    virtual void keep(std::size_t sample, std::string_view type,
                      std::span<const std::byte> bytes) = 0;
};

/// What a query is told beside its stimuli.
struct QueryContext {
    /// Sample i of the block has the identity (key, number + i): noise is a function of it, and a
    /// journal finds the measurement by it.
    std::uint64_t key = 0;
    std::uint64_t number = 0;
    /// How many samples the device had measured in its life before the block's first one.
    std::uint64_t age = 0;
    Deadline deadline{};
    /// A request to stop aborts the query within the driver's stated bound.
    std::stop_token stop{};
    /// The samples of the block follow each other without settling (only if the spec allows it).
    bool follow = false;
    /// The answer is to tell whether the device is still the same: a rig of instruments first asks
    /// them whether they are set as it left them, and throws ABORTED, saying what somebody else
    /// changed, when one is not. The next query finds them set as they should be.
    bool check_settings = false;
    /// Filled when not empty; then as long as the block.
    std::span<SampleTime> times{};
    /// Is given what the instrument gave for the samples that it wants; null: none. A layer that
    /// has nothing but its responses ignores it. No response depends on it.
    RawSink* raw = nullptr;
};

struct Health {
    enum class State { ready, degraded, fault };
    State state = State::ready;
    /// In the instrument's own words. Of a rig that is ready it says what is worth knowing of the
    /// answers it gave, and is empty as a rule.
    std::string reason;
};

struct SafeState {
    enum class State { safe, unknown };
    State state = State::safe;
    std::string reason; ///< why it is not known to be safe
};

/// Numbers in, physics, numbers out: the one interface to whatever computes, real or simulated.
///
/// Thread rule: one caller at a time; the stop token of a query may be used from any thread.
class PhysicalLayer {
  public:
    PhysicalLayer() = default;
    PhysicalLayer(const PhysicalLayer&) = delete;
    PhysicalLayer& operator=(const PhysicalLayer&) = delete;
    virtual ~PhysicalLayer() = default;

    [[nodiscard]] virtual const LayerSpec& spec() const = 0;

    /// Measures the response to each sample of `x`.
    ///
    /// `x` is `n_in x batch`, the normalised drive in [0, 1]; `y` is `n_out x batch`, in the
    /// physical units of the spec; the batch is 1 to `max_batch`. Each sample starts settled and
    /// does not depend on its neighbours, unless `context.follow` is set. Either all of `y` is
    /// valid or the call throws `Error`: INVALID_ARGUMENT (shape), OUT_OF_RANGE (drive), CANCELLED
    /// (stop), DEADLINE_EXCEEDED, UNAVAILABLE (a fault that `recover` may mend), NOT_FOUND (closed
    /// domain: a stimulus that the rig does not know), INTERNAL. A query that throws leaves nothing
    /// driven.
    virtual void query(ConstBlock x, Block y, const QueryContext& context) = 0;

    /// Brings every output to its safe value. Idempotent; works after a fault.
    [[nodiscard]] virtual SafeState make_safe() noexcept = 0;

    [[nodiscard]] virtual Health health() const = 0;

    /// Reconnects and re-arms after a fault; throws as `query` does when it cannot.
    virtual void recover(const Deadline& deadline, std::stop_token stop) = 0;
};

/// Throws CANCELLED or DEADLINE_EXCEEDED when the caller of a query no longer waits for it.
void throw_if_over(const QueryContext& context, const Clock& clock);

} // namespace phyll
