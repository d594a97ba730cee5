// What one client can make the daemon hold, by messages that are complete and as large and as many
// as it likes.

#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"

#include "daemon/rpc/limits.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/rigs.pb.h>

#include <fstream>
#include <string>

using namespace phyll;
using test::Daemon;
using test::RawPeer;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

/// The most memory that the daemon has had so far, in MiB.
double peak_of(Daemon& daemon) {
    std::ifstream status("/proc/" + std::to_string(daemon.process().pid()) + "/status");
    for (std::string word; status >> word;) {
        if (word == "VmHWM:") {
            double kibibytes = 0.0;
            status >> kibibytes;
            return kibibytes / 1024.0;
        }
    }
    FAIL("no VmHWM");
    return 0.0;
}

/// A peer that has not read anything, and whose own queues hold next to nothing.
class DeafPeer {
  public:
    explicit DeafPeer(const std::string& endpoint) {
        socket_.set(zmq::sockopt::linger, 0);
        socket_.set(zmq::sockopt::rcvhwm, 1);
        socket_.set(zmq::sockopt::rcvbuf, 4096);
        socket_.set(zmq::sockopt::rcvtimeo, 20'000);
        socket_.connect(endpoint);
    }

    void send(const std::vector<std::string>& frames) {
        for (std::size_t i = 0; i < frames.size(); ++i) {
            socket_.send(zmq::message_t(frames[i]),
                         i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
        }
    }

    /// Reads up to the first answer that is no success.
    v1::Header read_to_refusal() {
        for (;;) {
            v1::Header header;
            zmq::message_t frame;
            REQUIRE(socket_.recv(frame));
            REQUIRE(header.ParseFromArray(frame.data(), static_cast<int>(frame.size())));
            while (frame.more()) {
                REQUIRE(socket_.recv(frame));
            }
            if (header.status().code() != v1::OK) {
                return header;
            }
        }
    }

  private:
    zmq::context_t context_;
    zmq::socket_t socket_{context_, zmq::socket_type::dealer};
};

/// A query of samples with 16 values each, so many MiB of them, that waits for its turn.
std::vector<std::string> query_of(const std::string& rig, std::uint64_t id, std::size_t size) {
    v1::QueryRequest query;
    query.set_rig(rig);
    query.set_wait(true);
    query.mutable_stimuli()->set_channels(16);
    query.mutable_stimuli()->set_samples(static_cast<std::uint32_t>(size * mebibyte / 64));
    return {RawPeer::request("phyll.v1.Rigs/Query", id).SerializeAsString(),
            query.SerializeAsString(), std::string(size * mebibyte, '\0')};
}

constexpr const char* lab = R"(
[[rigs]]
name = "echo"
kind = "echo"
[[rigs]]
name = "stuck"
kind = "echo"
simulation = { faults = [{ kind = "hang", at_query = 0 }] }
)";

/// What a bound leaves for what is on its way through ZeroMQ and the allocator.
constexpr double margin = 150.0;

} // namespace

// In real time, and by the figures of a build without sanitizers.
TEST_CASE("queries that wait for a rig hold a bounded amount of memory", "[long]") {
    Daemon daemon(lab);
    RawPeer other(daemon.tcp());
    other.expect_service();
    const double before = peak_of(daemon);
    RawPeer flood(daemon.tcp());
    flood.send(query_of("stuck", 0, 1));
    constexpr std::uint64_t queries = 40;
    for (std::uint64_t id = 1; id <= queries; ++id) {
        flood.send(query_of("stuck", id, 32));
        other.expect_service();
    }
    const test::Answer refused = flood.receive();
    REQUIRE(refused.code() == v1::RESOURCE_EXHAUSTED);
    INFO("grew by " << peak_of(daemon) - before << " MiB");
    REQUIRE(peak_of(daemon) - before < rpc::most_asked / mebibyte + margin);
}

TEST_CASE("garbage and messages without end hold no memory once they are read", "[long]") {
    Daemon daemon(lab);
    RawPeer other(daemon.tcp());
    other.expect_service();
    const double before = peak_of(daemon);
    RawPeer flood(daemon.tcp());
    const std::string noise(mebibyte, 'x');
    const std::vector<std::string> many_parts(10'000, std::string(100, 'y'));
    v1::Header item = RawPeer::request("phyll.v1.Rigs/Get", 7);
    item.set_kind(v1::ITEM);
    for (int i = 0; i < 300; ++i) {
        flood.send({noise});
        flood.send({RawPeer::request("phyll.v1.Rigs/Qurey", 1).SerializeAsString(), noise, noise});
        flood.send({item.SerializeAsString(), noise});
        if (i % 10 == 0) {
            flood.send(many_parts);
            other.expect_service();
        }
    }
    INFO("grew by " << peak_of(daemon) - before << " MiB");
    REQUIRE(peak_of(daemon) - before < margin);
}

TEST_CASE("answers that nobody reads hold a bounded amount of memory", "[long]") {
    Daemon daemon(lab);
    RawPeer other(daemon.tcp());
    other.expect_service();
    const double before = peak_of(daemon);
    DeafPeer deaf(daemon.tcp());
    for (std::uint64_t id = 1; id <= 80; ++id) {
        deaf.send(query_of("echo", id, 8));
        other.expect_service();
    }
    INFO("grew by " << peak_of(daemon) - before << " MiB");
    // What is asked, and what is answered.
    REQUIRE(peak_of(daemon) - before <
            (rpc::most_asked + rpc::ClientLimits().unread) / mebibyte + margin);
    // Now it reads, and learns that it was too late for some.
    const v1::Header refused = deaf.read_to_refusal();
    REQUIRE(refused.status().code() == v1::RESOURCE_EXHAUSTED);
}

TEST_CASE("small answers that nobody reads hold next to nothing", "[long]") {
    Daemon daemon(lab);
    RawPeer other(daemon.tcp());
    other.expect_service();
    const double before = peak_of(daemon);
    DeafPeer deaf(daemon.tcp());
    for (std::uint64_t id = 1; id <= 100'000; ++id) {
        deaf.send({RawPeer::request("phyll.v1.Lab/Rigs", id).SerializeAsString(), ""});
    }
    other.expect_service();
    INFO("grew by " << peak_of(daemon) - before << " MiB");
    REQUIRE(peak_of(daemon) - before < margin);
}
