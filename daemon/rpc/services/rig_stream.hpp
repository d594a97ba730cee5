#pragma once

#include "daemon/rpc/services/services.hpp"

#include <phyll/v1/rigs.pb.h>

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace phyll::rpc {

/// Blocks of a client that go through a rig one after the other, as long as its lease lasts.
///
/// As many blocks as the window has are on their way: the rig measures one while others wait for
/// it, or for the client to be ready for their results. Results leave in the order of the blocks.
///
/// Owned by shared pointers. Thread rule: the loop's thread.
class RigStream : public std::enable_shared_from_this<RigStream> {
  public:
    /// Throws INVALID_ARGUMENT, FAILED_PRECONDITION without a lease, and as LeaseTable::use does.
    RigStream(const Site& site, std::shared_ptr<Call> call, const v1::StreamOpening& opening);

    void start();

  private:
    struct Block {
        std::shared_ptr<rig::Measurement> measurement;
        std::uint64_t number = 0; ///< of the block
        std::uint64_t first = 0;  ///< number of its first sample in the stream
        std::size_t samples = 0;
    };

    void take(Content item);
    void measured(const Block& block);
    /// Keeps it, where the stream is recorded, before the client gets it.
    void record(const Block& block);
    void recorded(const Block& block, const std::exception_ptr& failure);
    void end_recording(const std::optional<std::string>& failure);
    /// Sends what is ready, as far as the client is ready for it.
    void send_results();
    void send(const Block& block);
    void send_failure(const Block& block, const Error& why);
    void fail(const Error& why);
    [[nodiscard]] Error failure_of(const Block& block) const;
    void end_if_done();
    void lease_over();
    void over();

    const Site& site_;
    std::shared_ptr<Call> call_;
    rig::RigThread& rig_;
    const std::uint64_t key_;
    const std::uint64_t number_;
    const bool marks_; ///< a block that cannot be measured, and goes on
    const bool follow_;
    std::stop_token lease_;
    std::stop_source stop_; ///< of all that was asked and not measured yet
    std::uint64_t blocks_ = 0;
    std::uint64_t samples_ = 0;
    std::size_t under_way_ = 0; ///< blocks that the rig has, or the recording
    std::deque<Block> ready_;
    runs::Recording* recording_ = nullptr; ///< null: it is not recorded
    bool ended_ = false;                   ///< no more blocks come
    bool closing_ = false;                 ///< the recording is being finished
    bool waiting_ = false;                 ///< for the client to be ready
    std::optional<std::stop_callback<std::function<void()>>> lease_over_;
};

/// Opens a stream for a call.
void stream(const Site& site, const v1::StreamRequest& request, const std::shared_ptr<Call>& call);

} // namespace phyll::rpc
