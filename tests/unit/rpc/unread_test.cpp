// How much one client may ask of the server, and leave unread, in bytes and in frames.

#include "tests/unit/rpc/server_bench.hpp"

using namespace phyll;
using test::Bench;
using test::Peer;

namespace {

void cancel(Peer& peer, std::uint64_t id) {
    v1::Header header;
    header.set_kind(v1::CANCEL);
    header.set_id(id);
    peer.send(header, nullptr);
}

/// Asks for an export whose parts have payloads of so many MiB, and is ready for all of them.
void ask_for_parts(Peer& peer, std::uint64_t id, std::uint64_t mebibytes) {
    v1::ExportRequest body;
    body.set_run(mebibytes);
    v1::Header header = Peer::request("phyll.v1.Runs/Export", id);
    header.set_credit(Bench::parts);
    peer.send(header, &body);
}

/// The items that come before the last word on them, which is returned.
v1::Header receive_items(Peer& peer, std::uint64_t& items) {
    v1::Header header = peer.receive();
    for (items = 0; header.kind() == v1::ITEM; header = peer.receive()) {
        ++items;
    }
    return header;
}

} // namespace

TEST_CASE(
    "a client that leaves too many bytes unread loses its stream, and others notice nothing") {
    Bench bench;
    Peer deaf(bench, 4096, 1);
    ask_for_parts(deaf, 1, 75); // four of them fit, and what ZeroMQ and the kernel have taken
    Peer(bench).expect_service(1);
    std::uint64_t items = 0;
    const v1::Header end = receive_items(deaf, items);
    REQUIRE(items >= 4);
    REQUIRE(items < Bench::parts);
    REQUIRE(end.kind() == v1::END);
    REQUIRE(end.status().code() == v1::RESOURCE_EXHAUSTED);
    REQUIRE_THAT(end.status().message(), Catch::Contains("320 MiB of them, or 1024 MiB"));
    // Now it has read everything: nothing is held against it.
    ask_for_parts(deaf, 2, 1);
    REQUIRE(receive_items(deaf, items).status().code() == v1::OK);
    REQUIRE(items == Bench::parts);
}

TEST_CASE("a client has a bounded number of bytes of requests in flight, and others are served") {
    Bench bench;
    Peer peer(bench);
    const v1::QueryRequest query;
    const std::string payload(120U << 20U, '\0');
    const auto ask = [&](std::uint64_t id) {
        peer.send_raw({Peer::request("phyll.v1.Rigs/Query", id).SerializeAsString(),
                       query.SerializeAsString(), payload}); // never answered
    };
    ask(1);
    ask(2);
    peer.expect_service(99);
    ask(3);
    const v1::Header refused = peer.receive();
    REQUIRE(refused.id() == 3);
    REQUIRE(refused.status().code() == v1::RESOURCE_EXHAUSTED);
    REQUIRE_THAT(refused.status().message(), Catch::Contains("320 MiB"));
    peer.expect_service(100); // small ones are taken
    Peer other(bench);
    other.expect_service(1);
    cancel(peer, 1);
    REQUIRE(peer.receive().status().code() == v1::CANCELLED);
    ask(4);
    peer.expect_service(101);
}

TEST_CASE("frames that no message has are dropped") {
    Bench bench;
    Peer peer(bench);
    std::vector<std::string> frames(10'000);
    frames[0] = Peer::request("phyll.v1.Lab/Rigs", 1).SerializeAsString();
    peer.send_raw(frames);
    REQUIRE(peer.receive().status().code() == v1::OK);
    peer.expect_service(2);
}
