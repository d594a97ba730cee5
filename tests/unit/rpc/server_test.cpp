#include "tests/unit/rpc/server_bench.hpp"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

using namespace phyll;
using test::Bench;
using test::Peer;

TEST_CASE("a request is answered with its own number, many at a time") {
    Bench bench;
    Peer peer(bench);
    const v1::RigsRequest body;
    for (std::uint64_t id = 1; id <= 500; ++id) {
        peer.send(Peer::request("phyll.v1.Lab/Rigs", id), &body);
    }
    for (std::uint64_t id = 1; id <= 500; ++id) {
        REQUIRE(peer.receive().id() == id);
    }
}

TEST_CASE("a handler learns who asks, by the address of each request's peer") {
    Bench bench;
    Peer peer(bench);
    const v1::DescribeRequest body;
    peer.send(Peer::request("phyll.v1.Lab/Describe", 1), &body);
    std::vector<zmq::message_t> rest;
    REQUIRE(peer.receive(&rest).status().code() == v1::OK);
    v1::DescribeReply reply;
    REQUIRE(reply.ParseFromArray(rest.at(0).data(), static_cast<int>(rest.at(0).size())));
    REQUIRE(reply.version() == "tester at 127.0.0.1");
}

TEST_CASE("what a handler throws arrives as status with its violations") {
    Bench bench;
    Peer peer(bench);
    v1::RigRequest body;
    body.set_rig("x");
    peer.send(Peer::request("phyll.v1.Rigs/Get", 1), &body);
    const v1::Header reply = peer.receive();
    REQUIRE(reply.status().code() == v1::NOT_FOUND);
    REQUIRE(reply.status().message() == "no rig x");
    REQUIRE(reply.status().violations(0).field() == "rig");
}

TEST_CASE("what cannot be answered gets a status that says why, and the daemon serves on") {
    Bench bench;
    Peer peer(bench);
    const v1::RigsRequest body;
    SECTION("unknown method") {
        peer.send(Peer::request("phyll.v1.Lab/Nothing", 1), &body);
        REQUIRE(peer.receive().status().code() == v1::UNIMPLEMENTED);
    }
    SECTION("method that this daemon does not offer") {
        peer.send(Peer::request("phyll.v1.Lab/Metrics", 1), &body);
        REQUIRE(peer.receive().status().code() == v1::UNIMPLEMENTED);
    }
    SECTION("role") {
        peer.send(Peer::request("phyll.v1.Admin/Drain", 1), &body);
        REQUIRE(peer.receive().status().code() == v1::PERMISSION_DENIED);
    }
    SECTION("newer protocol") {
        v1::Header header = Peer::request("phyll.v1.Lab/Rigs", 1);
        header.set_version(99);
        peer.send(header, &body);
        const v1::Header reply = peer.receive();
        REQUIRE(reply.status().code() == v1::FAILED_PRECONDITION);
        REQUIRE(reply.status().message().find("upgrade phylld") != std::string::npos);
    }
    SECTION("no version") {
        v1::Header header = Peer::request("phyll.v1.Lab/Rigs", 1);
        header.set_version(0);
        peer.send(header, &body);
        REQUIRE(peer.receive().status().code() == v1::INVALID_ARGUMENT);
    }
    SECTION("missing body") {
        peer.send(Peer::request("phyll.v1.Lab/Rigs", 1), nullptr);
        REQUIRE(peer.receive().status().code() == v1::INVALID_ARGUMENT);
    }
    SECTION("body that is something else") {
        std::string header;
        Peer::request("phyll.v1.Rigs/Get", 1).SerializeToString(&header);
        peer.send_raw({header, "\xff\xff\xff"});
        REQUIRE(peer.receive().status().code() == v1::INVALID_ARGUMENT);
    }
    SECTION("number in flight twice") {
        const v1::QueryRequest query;
        peer.send(Peer::request("phyll.v1.Rigs/Query", 1), &query);
        peer.send(Peer::request("phyll.v1.Rigs/Query", 1), &query);
        REQUIRE(peer.receive().status().code() == v1::INVALID_ARGUMENT);
    }
    SECTION("garbage is met with silence") {
        peer.send_raw({"garbage"});
        peer.send_raw({"", "", ""});
        peer.send_raw({std::string(100'000, 'x'), "y"});
    }
    peer.expect_service(2);
}

TEST_CASE("a stream's items are numbered and end with a status") {
    Bench bench;
    Peer peer(bench);
    v1::WatchRequest body;
    body.set_after_event(3);
    peer.send(Peer::request("phyll.v1.Runs/Watch", 9), &body);
    for (std::uint64_t i = 0; i < 3; ++i) {
        const v1::Header item = peer.receive();
        REQUIRE(item.kind() == v1::ITEM);
        REQUIRE(item.sequence() == i);
    }
    const v1::Header end = peer.receive();
    REQUIRE(end.kind() == v1::END);
    REQUIRE(end.id() == 9);
    REQUIRE(end.status().code() == v1::OK);
}

TEST_CASE("a call ends when it is cancelled, when its time is over, and when the server closes") {
    Bench bench;
    Peer peer(bench);
    const v1::QueryRequest body;
    v1::Header header = Peer::request("phyll.v1.Rigs/Query", 5);
    v1::Code expected = v1::OK;
    SECTION("cancel") {
        peer.send(header, &body);
        header.set_kind(v1::CANCEL);
        peer.send(header, nullptr);
        expected = v1::CANCELLED;
    }
    SECTION("deadline") {
        header.set_timeout_ms(1);
        peer.send(header, &body);
        expected = v1::DEADLINE_EXCEEDED;
    }
    SECTION("close") {
        peer.send(header, &body);
        peer.expect_service(6); // the query has arrived before
        bench.close();
        expected = v1::UNAVAILABLE;
    }
    const v1::Header reply = peer.receive();
    REQUIRE(reply.id() == 5);
    REQUIRE(reply.status().code() == expected);
    bench.await_over();
}

TEST_CASE("a client has a bounded number of requests in flight, and others are served") {
    Bench bench;
    Peer peer(bench);
    const v1::QueryRequest body;
    for (std::uint64_t id = 1; id <= 1025; ++id) {
        peer.send(Peer::request("phyll.v1.Rigs/Query", id), &body); // never answered
    }
    const v1::Header reply = peer.receive();
    REQUIRE(reply.id() == 1025);
    REQUIRE(reply.status().code() == v1::RESOURCE_EXHAUSTED);
    REQUIRE(reply.status().message().find("1024") != std::string::npos);
    Peer(bench).expect_service(1);
}

TEST_CASE("a client that does not read loses its stream, is told so, and others notice nothing") {
    Bench bench;
    Peer deaf(bench, 4096);
    const std::uint64_t most = 300'000; // more than queues and buffers hold
    v1::WatchRequest watch;
    watch.set_after_event(most);
    deaf.send(Peer::request("phyll.v1.Runs/Watch", 1), &watch);
    Peer(bench).expect_service(1); // it was cut off before this was answered
    std::uint64_t items = 0;
    v1::Header last = deaf.receive();
    for (; last.kind() == v1::ITEM; last = deaf.receive()) {
        REQUIRE(last.sequence() == items);
        ++items;
    }
    REQUIRE(items >= 1000);
    REQUIRE(items < most);
    REQUIRE(last.kind() == v1::END);
    REQUIRE(last.id() == 1);
    REQUIRE(last.status().code() == v1::RESOURCE_EXHAUSTED);
    deaf.expect_service(2);
}

TEST_CASE("an HTTP client on the port gets nowhere and harms nobody") {
    Bench bench;
    const std::string& address = bench.address();
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
    const std::string get = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + std::string(64, 'x');
    REQUIRE(::send(fd, get.data(), get.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(get.size()));
    Peer peer(bench);
    peer.expect_service(1);
    ::close(fd);
    peer.expect_service(2);
}

TEST_CASE("a stream that heeds credit sends no more than was asked for") {
    const Bench bench;
    Peer peer(bench);
    const v1::ExportRequest body;
    const v1::RigsRequest other;
    std::uint64_t other_id = 100;
    const auto take = [&](std::uint64_t items) {
        for (std::uint64_t i = 0; i < items; ++i) {
            REQUIRE(peer.receive().kind() == v1::ITEM);
        }
        // Another answer comes: there was nothing in between.
        peer.send(Peer::request("phyll.v1.Lab/Rigs", ++other_id), &other);
        REQUIRE(peer.receive().id() == other_id);
    };
    const auto grant = [&](std::uint64_t id, std::uint32_t items) {
        v1::Header header;
        header.set_kind(v1::CREDIT);
        header.set_id(id);
        header.set_credit(items);
        peer.send(header, nullptr);
    };
    v1::Header header = Peer::request("phyll.v1.Runs/Export", 1);
    header.set_credit(3);
    peer.send(header, &body);
    take(3);
    grant(1, 2);
    take(2);
    grant(7, 5); // no such request
    take(0);
    grant(1, UINT32_MAX);
    for (std::uint64_t i = 5; i < Bench::parts; ++i) {
        REQUIRE(peer.receive().sequence() == i);
    }
    REQUIRE(peer.receive().kind() == v1::END);
    grant(1, 1); // it is over

    // Without a word about it there are 16.
    peer.send(Peer::request("phyll.v1.Runs/Export", 2), &body);
    take(16);
    v1::Header cancel;
    cancel.set_kind(v1::CANCEL);
    cancel.set_id(2);
    peer.send(cancel, nullptr);
    REQUIRE(peer.receive().status().code() == v1::CANCELLED);
}
