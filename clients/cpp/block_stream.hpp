#pragma once

#include "clients/cpp/connection.hpp"
#include "drivers/core/sample_block.hpp"

#include <phyll/v1/rigs.pb.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace phyll {

/// When a sample's physics began and ended, in seconds since 1970, UTC.
struct SampleTimes {
    double begin = 0.0;
    double end = 0.0;
};

/// What became of a block of a stream, as a whole.
struct BlockResult {
    std::uint64_t block = 0; ///< its number in the stream, from 0
    std::uint64_t first = 0; ///< number of its first sample in the stream
    OwnedBlock responses;    ///< of a block that is not valid: not a number, all of them
    bool valid = false;
    std::string reason;             ///< why it is not valid
    std::vector<SampleTimes> times; ///< of each sample; empty of a block that is not valid
    std::uint64_t age = 0;          ///< of the rig at the first sample
    double hardware_seconds = 0.0;
};

/// Blocks of stimuli in, their responses out, in order: `phyll.v1.Rigs/Stream` on a connection of
/// its own. It is for one thread that does both, and perhaps other things:
///
///     while (there are blocks, or results to come) {
///         if (!there are blocks || !stream.try_send(block)) {
///             use(stream.receive(timeout));
///         }
///     }
///
/// Every failure is thrown as `Error` with the daemon's own status, UNAVAILABLE when the connection
/// is lost, CANCELLED when a wait is interrupted. After that it is of no use.
/// Thread rule: one thread at a time.
class BlockStream {
  public:
    struct Options {
        std::string lease = {}; ///< token of a lease on the rig: it needs one
        int interrupt = -1; ///< waits end when this descriptor is readable; -1: nothing ends them
        Timeout opening = std::nullopt; ///< how long is waited for the rig; none: for ever
    };

    /// Opens the stream; throws what the daemon refuses it with, DEADLINE_EXCEEDED when it did not
    /// answer in time.
    BlockStream(const Address& address, const v1::StreamOpening& opening, const Options& options);
    /// Cancels what is not over.
    ~BlockStream();
    BlockStream(const BlockStream&) = delete;
    BlockStream& operator=(const BlockStream&) = delete;

    [[nodiscard]] const v1::StreamOpened& opened() const noexcept { return opened_; }

    /// Sends a block, unless as much is on its way as the daemon takes: then nothing is done, and
    /// there is something to receive. Not after `finish`.
    [[nodiscard]] bool try_send(ConstBlock stimuli);
    /// Says that no more blocks come.
    void finish();
    /// The next result, or nothing when none came in time, or the stream is over.
    [[nodiscard]] std::optional<BlockResult> receive(Timeout timeout);

    /// Whether the daemon has answered everything and ended the stream, after `finish`.
    [[nodiscard]] bool over() const noexcept { return over_; }
    /// Blocks that were sent and not answered yet.
    [[nodiscard]] std::size_t on_their_way() const noexcept { return sizes_.size(); }

  private:
    [[nodiscard]] std::optional<wire::Message> receive_message(Timeout timeout);
    [[nodiscard]] v1::StreamItem read_item(const wire::Message& message);
    [[nodiscard]] BlockResult read_result(const wire::Message& message);
    void open(const v1::StreamOpening& opening, const Options& options);
    void give_credit();
    void cancel();

    wire::Connection connection_;
    v1::StreamOpened opened_;
    std::uint64_t credit_ = 0;      ///< blocks that the daemon is ready for
    std::uint32_t due_ = 0;         ///< results taken, of which the daemon was not told
    std::uint64_t sent_ = 0;        ///< blocks
    std::uint64_t items_ = 0;       ///< of the daemon's
    std::deque<std::size_t> sizes_; ///< bytes of each block that is on its way
    std::size_t bytes_ = 0;         ///< their sum
    bool finished_ = false;
    bool over_ = false;
};

} // namespace phyll
