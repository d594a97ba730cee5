// What a stranger may say on the wire: every message is met with a status that says what would be
// right, or with silence where nobody is there who could understand one, and the daemon serves on.

#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"

#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

#include <limits>
#include <memory>
#include <set>
#include <thread>

using namespace phyll;
using test::Answer;
using test::Daemon;
using test::RawPeer;
using test::RawStream;

namespace {

const std::string query_method = "phyll.v1.Rigs/Query";

/// A query of the echo rig: its frames can be spoiled one by one.
struct Query {
    v1::Header header = RawPeer::request(query_method, 1);
    v1::QueryRequest body;
    std::vector<float> values;

    Query(std::uint32_t channels, std::uint32_t samples)
        : values(std::size_t{channels} * samples, 0.5F) {
        body.set_rig("echo");
        body.mutable_stimuli()->set_channels(channels);
        body.mutable_stimuli()->set_samples(samples);
    }

    [[nodiscard]] std::string payload() const {
        return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
    }
    [[nodiscard]] std::vector<std::string> frames() const {
        return {header.SerializeAsString(), body.SerializeAsString(), payload()};
    }
};

/// A daemon and a peer of it, for questions one after the other.
class Bench {
  public:
    Answer ask(const std::vector<std::string>& frames) {
        peer.send(frames);
        return peer.receive();
    }
    /// The frames are refused with `code`, and every one of `says` is in the message.
    void refused(const std::vector<std::string>& frames, v1::Code code,
                 const std::vector<std::string>& says) {
        const Answer answer = ask(frames);
        INFO(answer.message());
        REQUIRE(v1::Code_Name(answer.code()) == v1::Code_Name(code));
        REQUIRE(answer.rest.empty());
        for (const std::string& part : says) {
            REQUIRE_THAT(answer.message(), Catch::Matchers::Contains(part));
        }
        peer.expect_service();
    }

    Daemon daemon;
    RawPeer peer{daemon.tcp()};
};

/// The first 64 bytes that a ZMTP 3.0 peer without security sends.
std::string zmtp_greeting() {
    std::string greeting("\xff\0\0\0\0\0\0\0\x01\x7f\x03\x00", 12);
    greeting += "NULL";
    greeting.resize(64, '\0');
    return greeting;
}

/// The command frame with which such a peer says that it is a DEALER.
std::string zmtp_ready() {
    const std::string body("\x05READY\x0bSocket-Type\0\0\0\x06"
                           "DEALER",
                           6 + 12 + 4 + 6);
    return std::string("\x04") + static_cast<char>(body.size()) + body;
}

} // namespace

TEST_CASE("a request that cannot be right is refused by what is wrong with it") {
    Bench bench;
    Query query(16, 2);
    SECTION("unknown method") {
        query.header.set_method("phyll.v1.Rigs/Qurey");
        bench.refused(query.frames(), v1::UNIMPLEMENTED,
                      {"'phyll.v1.Rigs/Qurey'", "phyll.v1.Lab/Describe"});
        query.header.set_method("");
        bench.refused(query.frames(), v1::UNIMPLEMENTED, {"no method ''"});
        query.header.set_method(std::string(60'000, 'm'));
        const Answer answer = bench.ask(query.frames());
        REQUIRE(answer.code() == v1::UNIMPLEMENTED);
        REQUIRE(answer.message().size() < 300);
    }
    SECTION("method that is not offered yet") {
        RawPeer admin(bench.daemon.ipc());
        admin.send({RawPeer::request("phyll.v1.Admin/Drain", 1).SerializeAsString(), ""});
        const Answer answer = admin.receive();
        REQUIRE(v1::Code_Name(answer.code()) == "UNIMPLEMENTED");
        REQUIRE_THAT(answer.message(), Catch::Matchers::Contains("phyll.v1.Admin/Drain"));
    }
    SECTION("protocol version") {
        query.header.set_version(2);
        bench.refused(query.frames(), v1::FAILED_PRECONDITION,
                      {"version 2", "version 1", "upgrade phylld"});
        query.header.set_version(0);
        bench.refused(query.frames(), v1::INVALID_ARGUMENT, {"version", "1"});
    }
    SECTION("role") {
        bench.refused({RawPeer::request("phyll.v1.Admin/ListKeys", 1).SerializeAsString(), ""},
                      v1::PERMISSION_DENIED, {"ROLE_ADMIN", "ROLE_OPERATOR", "ipc"});
    }
    SECTION("missing body") {
        bench.refused({query.header.SerializeAsString()}, v1::INVALID_ARGUMENT,
                      {"no body", "phyll.v1.QueryRequest"});
    }
    SECTION("truncated body") {
        std::string body = query.body.SerializeAsString();
        body.pop_back();
        bench.refused({query.header.SerializeAsString(), body, query.payload()},
                      v1::INVALID_ARGUMENT, {"phyll.v1.QueryRequest"});
    }
    SECTION("payload that is missing, one too many, or of another size than described") {
        std::vector<std::string> frames = query.frames();
        frames.pop_back();
        bench.refused(frames, v1::INVALID_ARGUMENT, {"stimuli: ", "0 payload frames", "one"});
        frames = query.frames();
        frames.push_back(query.payload());
        bench.refused(frames, v1::INVALID_ARGUMENT, {"stimuli: ", "2 payload frames", "one"});
        frames = query.frames();
        frames[2].resize(frames[2].size() - 1);
        bench.refused(frames, v1::INVALID_ARGUMENT, {"stimuli: ", "127 bytes", "have 128"});
    }
    SECTION("sizes that no memory holds") {
        // 2^31 times 2^31 times four bytes are 0 in 64 bits: the size of an empty frame.
        query.values.clear();
        query.body.mutable_stimuli()->set_channels(0x80000000U);
        query.body.mutable_stimuli()->set_samples(0x80000000U);
        bench.refused(query.frames(), v1::INVALID_ARGUMENT, {"stimuli: ", "2147483648"});
        query.body.mutable_stimuli()->set_channels(0);
        query.body.mutable_stimuli()->set_samples(4'000'000'000U);
        bench.refused(query.frames(), v1::INVALID_ARGUMENT, {"stimuli: "});
    }
    SECTION("answers that would be larger than a frame may be") {
        Query narrow(1, 8'000'000);
        narrow.body.set_rig("cavity");
        bench.refused(narrow.frames(), v1::INVALID_ARGUMENT, {"stimuli: ", "20 inputs"});
    }
    SECTION("wrong number of columns") {
        bench.refused(Query(3, 2).frames(), v1::INVALID_ARGUMENT,
                      {"stimuli: ", "3 values per sample", "16 inputs"});
    }
    SECTION("no sample") {
        bench.refused(Query(16, 0).frames(), v1::INVALID_ARGUMENT,
                      {"stimuli: ", "at least one sample"});
    }
    SECTION("drives that are no drives") {
        query.values[16 + 7] = std::numeric_limits<float>::quiet_NaN();
        bench.refused(query.frames(), v1::INVALID_ARGUMENT,
                      {"stimuli[1][7]: ", "nan", "0 to 1", "'in 7'"});
        query.values[16 + 7] = std::numeric_limits<float>::infinity();
        bench.refused(query.frames(), v1::INVALID_ARGUMENT, {"stimuli[1][7]: ", "inf", "0 to 1"});
        query.values[16 + 7] = -0.25F;
        bench.refused(query.frames(), v1::OUT_OF_RANGE, {"stimuli[1][7]: ", "-0.25", "0 to 1"});
    }
    SECTION("unknown rig") {
        query.body.set_rig("ecko");
        bench.refused(query.frames(), v1::NOT_FOUND, {"'ecko'", "cavity, echo"});
        query.body.set_rig("");
        bench.refused(query.frames(), v1::NOT_FOUND, {"''", "cavity, echo"});
    }
    SECTION("unknown run") {
        v1::WatchRequest watch;
        watch.set_run(77);
        const Answer answer =
            bench.ask({RawPeer::request("phyll.v1.Runs/Watch", 1).SerializeAsString(),
                       watch.SerializeAsString()});
        REQUIRE(answer.header.kind() == v1::END);
        REQUIRE(answer.code() == v1::NOT_FOUND);
        REQUIRE_THAT(answer.message(), Catch::Matchers::Contains("run 77"));
    }
    SECTION("a submission without a job") {
        bench.refused({RawPeer::request("phyll.v1.Runs/Submit", 1).SerializeAsString(), ""},
                      v1::INVALID_ARGUMENT, {"job: ", "run file", "run spec"});
    }
    // The same query as it should have been.
    const Answer good = bench.ask(Query(16, 2).frames());
    REQUIRE(good.code() == v1::OK);
    REQUIRE(good.rest.at(1) == Query(16, 2).payload());
}

TEST_CASE("a violation names its field apart from the message") {
    Bench bench;
    Query query(16, 1);
    query.values[3] = 2.0F;
    const Answer answer = bench.ask(query.frames());
    REQUIRE(answer.header.status().violations_size() == 1);
    REQUIRE(answer.header.status().violations(0).field() == "stimuli[0][3]");
    REQUIRE(answer.header.kind() == v1::REPLY);
    REQUIRE(answer.header.id() == 1);
    REQUIRE(answer.header.version() == 1);
}

TEST_CASE("messages that are no requests are met with silence") {
    Bench bench;
    const Query query(16, 1);
    const std::string body = query.body.SerializeAsString();
    bench.peer.send({""});
    bench.peer.send({"", "", "", ""});
    bench.peer.send({"", query.header.SerializeAsString(), body, query.payload()}); // a REQ socket
    bench.peer.send({"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"});
    bench.peer.send({std::string(100'000, 'x'), "y"});
    bench.peer.send({query.header.SerializeAsString().substr(0, 9), body}); // a truncated header
    for (const int kind : {0, 3, 4, 5, 6, 99}) {
        v1::Header header = query.header;
        header.set_kind(static_cast<v1::Kind>(kind));
        bench.peer.send({header.SerializeAsString(), body, query.payload()});
    }
    v1::Header cancel;
    cancel.set_kind(v1::CANCEL);
    cancel.set_id(12345); // never asked
    bench.peer.send({cancel.SerializeAsString()});
    bench.peer.expect_service();
}

TEST_CASE("bytes that are not ZeroMQ's harm nobody, on either endpoint") {
    Daemon daemon;
    const std::string endpoint = GENERATE(false, true) ? daemon.ipc() : daemon.tcp();
    RawPeer peer(endpoint);
    peer.expect_service();
    const std::string ready = zmtp_greeting() + zmtp_ready();
    std::vector<std::string> talks{
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + std::string(200, 'x'),
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + std::string(500, 't'), // TLS
        zmtp_greeting().substr(0, 30),
        zmtp_greeting() + "no handshake at all",
        ready + std::string("\x01", 1),          // a frame without a size
        ready + std::string("\x00\x64short", 7), // 100 bytes are announced
        ready + std::string("\x01\x05short", 7), // the next part never comes
        ready + std::string("\x02\x7f\xff\xff\xff\xff\xff\xff\xff", 9) + "x", // 8 exbibytes
        ready + std::string("\x02\x00\x00\x00\x00\x10\x00\x00\x01", 9) +
            "x",                                 // 256 MiB and one byte
        ready + std::string("\xf8\x05other", 7), // reserved flags
    };
    const KeyedRandom random(1, "bytes");
    for (std::uint64_t i = 0; i < 40; ++i) {
        std::string bytes(1 + random.below(400, i), '\0');
        for (std::size_t k = 0; k < bytes.size(); ++k) {
            bytes[k] = static_cast<char>(random.bits(i, k + 1));
        }
        talks.push_back(bytes);
        talks.push_back(ready + bytes);
    }
    std::vector<std::unique_ptr<RawStream>> streams;
    for (const std::string& talk : talks) {
        streams.push_back(std::make_unique<RawStream>(endpoint));
        streams.back()->send(talk);
        peer.expect_service(); // while the stranger is there
        if (streams.size() % 2 == 0) {
            streams.back().reset();
        }
    }
    streams.clear();
    peer.expect_service();
    REQUIRE(daemon.log().find("error") == std::string::npos);
    REQUIRE(daemon.stop() == 0);
}

TEST_CASE("requests with bytes gone wrong are answered or dropped, and never harm") {
    Bench bench;
    const KeyedRandom random(7, "spoilt");
    Query good(16, 3);
    good.body.set_wait(true); // or all that reach the rig are refused while the first is measured
    // Fewer than the answers that may wait for a peer that does not read.
    for (std::uint64_t i = 0; i < 800; ++i) {
        good.header.set_id(1000 + i); // one id for all would let a spoilt kind cancel every query
        std::vector<std::string> frames = good.frames();
        std::string& frame = frames[random.below(frames.size(), i, 0)];
        const std::size_t at = random.below(frame.size(), i, 1);
        switch (random.below(3, i, 2)) {
        case 0:
            frame[at] = static_cast<char>(random.bits(i, 3));
            break;
        case 1:
            frame.resize(at);
            break;
        default:
            frame.insert(at, 1, static_cast<char>(random.bits(i, 3)));
        }
        bench.peer.send(frames);
    }
    // What is refused is refused before this one is answered; what reached the rig comes when it is
    // measured.
    const std::uint64_t last = 424242;
    bench.peer.send({RawPeer::request("phyll.v1.Lab/Describe", last).SerializeAsString(), ""});
    std::set<std::string> codes;
    for (bool answered = false; !answered || !codes.contains("OK");) {
        const Answer answer = bench.peer.receive();
        INFO(answer.message());
        REQUIRE(answer.code() != v1::INTERNAL);
        if (answer.header.id() == last) {
            answered = true;
        } else {
            codes.insert(v1::Code_Name(answer.code()));
        }
    }
    REQUIRE(codes.contains("OK"));
    REQUIRE(codes.contains("INVALID_ARGUMENT"));
    REQUIRE(codes.contains("NOT_FOUND"));
    RawPeer(bench.daemon.tcp()).expect_service();
}

TEST_CASE("phyllctl says what is wrong with an endpoint, and that a stranger there is no phylld") {
    const auto rigs_at = [](const std::string& endpoint) {
        return test::run_command({PHYLL_BIN_DIR "/phyllctl", "--endpoint", endpoint, "rigs"});
    };
    for (const std::string bad :
         {"nowhere", "tcp://", "tcp://host", "tcp://host:", "ipc://", "http://127.0.0.1:5570"}) {
        const test::Finished finished = rigs_at(bad);
        INFO(finished.err);
        REQUIRE(finished.status == 2);
        REQUIRE_THAT(finished.err, Catch::Matchers::Contains("'" + bad + "'") &&
                                       Catch::Matchers::Contains("tcp://HOST:PORT"));
    }
    // A web server: takes what comes, answers in its own language and hangs up.
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&where), size) == 0);
    REQUIRE(::listen(listener, 8) == 0);
    REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&where), &size) == 0);
    std::jthread server([listener](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const int fd = ::accept(listener, nullptr, nullptr);
            const std::string answer = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
            static_cast<void>(::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL));
            ::close(fd);
        }
    });
    const std::string endpoint = "tcp://127.0.0.1:" + std::to_string(ntohs(where.sin_port));
    const test::Finished finished = rigs_at(endpoint);
    server.request_stop();
    ::shutdown(listener, SHUT_RDWR); // ends the accept under way
    server.join();
    ::close(listener);
    INFO(finished.err);
    REQUIRE(finished.status == 4);
    REQUIRE_THAT(finished.err, Catch::Matchers::Contains("at " + endpoint + " is no phylld"));
}
