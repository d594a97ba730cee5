#pragma once

#include "tests/bench/transport/wire_peer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace phyll::bench {

/// A stream of blocks through a rig, as a client in C++ would do it that copies nothing.
class StreamPeer {
  public:
    /// Opens it under the lease with that token. Every block has so many channels and samples, and
    /// one value all over.
    StreamPeer(const std::string& endpoint, const std::string& rig, const std::string& lease,
               std::uint32_t channels, std::uint32_t samples);

    /// Blocks a second of `count` blocks, as many of which are on their way as the daemon takes.
    [[nodiscard]] double rate(std::size_t count);

  private:
    void send_block();
    void receive_result();

    WirePeer peer_;
    std::string body_;
    std::string payload_;
    std::uint64_t sent_ = 0;
    std::uint32_t due_ = 0; ///< results that came, of which the daemon was not told
    std::uint64_t credit_ = 0;
};

} // namespace phyll::bench
