#include "tests/bench/transport/stream_peer.hpp"

#include <phyll/v1/rigs.pb.h>

#include <chrono>
#include <utility>

namespace phyll::bench {

StreamPeer::StreamPeer(const std::string& endpoint, const std::string& rig,
                       const std::string& lease, std::uint32_t channels, std::uint32_t samples)
    : peer_(endpoint), payload_(std::size_t{4} * channels * samples, '\0') {
    v1::StreamRequest request;
    request.mutable_opening()->set_rig(rig);
    peer_.send(request_of("phyll.v1.Rigs/Stream", 1, request, lease));
    v1::Header header;
    const auto& opened = peer_.receive(2);
    header.ParseFromArray(opened[0].data(), static_cast<int>(opened[0].size()));
    credit_ = header.credit();
    request.mutable_block()->mutable_stimuli()->set_channels(channels);
    request.mutable_block()->mutable_stimuli()->set_samples(samples);
    body_ = request.SerializeAsString();
}

double StreamPeer::rate(std::size_t count) {
    const auto start = std::chrono::steady_clock::now();
    std::size_t sent = 0;
    for (std::size_t received = 0; received < count; ++received) {
        for (; sent < count && credit_ > 0; ++sent) {
            send_block();
        }
        receive_result();
    }
    return static_cast<double>(count) /
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void StreamPeer::send_block() {
    v1::Header header;
    header.set_kind(v1::ITEM);
    header.set_id(1);
    header.set_sequence(sent_++);
    header.set_credit(std::exchange(due_, 0));
    --credit_;
    // What is sent without a copy outlasts the message.
    peer_.send({header.SerializeAsString(), body_}, payload_);
}

void StreamPeer::receive_result() {
    v1::Header header;
    const auto& result = peer_.receive(3);
    header.ParseFromArray(result[0].data(), static_cast<int>(result[0].size()));
    credit_ += header.credit();
    ++due_;
}

} // namespace phyll::bench
