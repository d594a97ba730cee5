#pragma once

#include <phyll/v1/wire.pb.h>

#include <zmq.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace phyll::bench {

/// A message as frames that are made once and sent over and over.
using Frames = std::vector<std::string>;

/// A DEALER. Large frames are sent without a copy, so that what is sent has to last as long as it
/// is on its way. Thread rule: one thread at a time.
class WirePeer {
  public:
    /// Its own thread shares in the machine as the caller's does.
    explicit WirePeer(const std::string& endpoint);

    void send(const Frames& message);
    /// The same with one more frame.
    void send(const Frames& head, const std::string& payload);
    /// False when the message would have to wait.
    bool try_send(const Frames& message);
    /// The next answer. Throws when none comes within 30 s, or it has another number of frames:
    /// what is refused has one.
    const std::vector<zmq::message_t>& receive(std::size_t frames);
    /// Takes what has come, and says how many messages that were.
    std::size_t drop_what_came();

  private:
    zmq::context_t context_;
    zmq::socket_t socket_{context_, zmq::socket_type::dealer};
    std::vector<zmq::message_t> answer_;
};

/// A request of `method` with that body, as a client of version 1 writes it. `lease`: a token.
[[nodiscard]] Frames request_of(const std::string& method, std::uint64_t id,
                                const google::protobuf::Message& body,
                                const std::string& lease = "");

/// In us, of each of `count` requests that wait for their answers of so many frames.
[[nodiscard]] std::vector<double> round_trips(WirePeer& peer, const Frames& message,
                                              std::size_t answer_frames, std::size_t count);

/// Answers a second when as many messages are on their way as there are in `window`, each of which
/// is sent again when its answer has come.
[[nodiscard]] double rate(WirePeer& peer, const std::vector<Frames>& window,
                          std::size_t answer_frames, std::size_t count);

[[nodiscard]] double median(std::vector<double> values);
/// The value that `share` of the values are below.
[[nodiscard]] double quantile(std::vector<double> values, double share);

} // namespace phyll::bench
