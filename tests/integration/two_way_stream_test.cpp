// Two-way streams as docs/protocol.md has them in section 5, message by message.

#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>

using namespace phyll;
using test::Answer;
using test::Daemon;
using test::RawPeer;

namespace {

/// The token of a lease on `echo`.
std::string take_lease(RawPeer& peer) {
    v1::TakeLeaseRequest request;
    request.add_rigs("echo");
    request.set_time_to_live(3600);
    peer.send({RawPeer::request("phyll.v1.Leases/Take", 1).SerializeAsString(),
               request.SerializeAsString()});
    const Answer answer = peer.receive();
    INFO(answer.message());
    REQUIRE(answer.code() == v1::OK);
    v1::TakeLeaseReply reply;
    REQUIRE(reply.ParseFromString(answer.rest.at(0)));
    return reply.token();
}

/// A two-way stream on `echo`, as section 5 has it.
class Stream {
  public:
    Stream(RawPeer& peer, const std::string& lease, std::uint64_t id) : peer_(peer), id_(id) {
        v1::Header header = RawPeer::request("phyll.v1.Rigs/Stream", id);
        header.set_lease(lease);
        header.set_credit(64);
        v1::StreamRequest opening;
        opening.mutable_opening()->set_rig("echo");
        peer.send({header.SerializeAsString(), opening.SerializeAsString()});
    }

    void block(std::uint64_t sequence, float value) {
        v1::StreamRequest body;
        body.mutable_block()->mutable_stimuli()->set_channels(16);
        body.mutable_block()->mutable_stimuli()->set_samples(1);
        const std::vector<float> values(16, value);
        v1::Header header = header_of(v1::ITEM);
        header.set_sequence(sequence);
        header.set_credit(sequence == 2 ? 1 : 0);
        peer_.send({header.SerializeAsString(),
                    body.SerializeAsString(),
                    {reinterpret_cast<const char*>(values.data()), 64}});
    }
    void end() { peer_.send({header_of(v1::END).SerializeAsString()}); }

    /// The daemon's next item, which has this number and this credit.
    Answer item(std::uint64_t sequence, std::uint32_t credit) {
        Answer answer = peer_.receive();
        INFO(answer.message());
        REQUIRE(answer.header.kind() == v1::ITEM);
        REQUIRE(answer.header.id() == id_);
        REQUIRE(answer.header.sequence() == sequence);
        REQUIRE(answer.header.credit() == credit);
        return answer;
    }
    /// The daemon's last word.
    void ends(v1::Code code, const std::string& says = "") {
        const Answer answer = peer_.receive();
        INFO(answer.message());
        REQUIRE(answer.header.kind() == v1::END);
        REQUIRE(answer.header.id() == id_);
        REQUIRE(v1::Code_Name(answer.code()) == v1::Code_Name(code));
        REQUIRE(answer.message().find(says) != std::string::npos);
        peer_.expect_service();
    }

  private:
    [[nodiscard]] v1::Header header_of(v1::Kind kind) const {
        v1::Header header;
        header.set_kind(kind);
        header.set_id(id_);
        return header;
    }

    RawPeer& peer_;
    std::uint64_t id_;
};

} // namespace

TEST_CASE("a two-way stream goes as the document's table says") {
    Daemon daemon;
    RawPeer heartbeats(daemon.tcp());
    RawPeer peer(daemon.tcp());
    Stream stream(peer, take_lease(heartbeats), 5);
    stream.item(0, 16);
    stream.block(0, 0.25F);
    stream.block(1, 0.5F);
    const Answer first = stream.item(1, 1);
    REQUIRE(first.rest.at(1).substr(0, 4) == std::string("\x00\x00\x80\x3e", 4)); // 0.25
    stream.block(2, 0.75F);
    stream.end();
    stream.item(2, 1);
    stream.item(3, 1);
    stream.ends(v1::OK);
    stream.block(3, 0.0F); // its id is not in flight any more
    stream.end();
    peer.expect_service();
}

TEST_CASE("a two-way stream ends as the document says when its client does not keep to it") {
    Daemon daemon;
    RawPeer heartbeats(daemon.tcp());
    RawPeer peer(daemon.tcp());
    Stream stream(peer, take_lease(heartbeats), 5);
    stream.item(0, 16);
    SECTION("gap") {
        stream.block(3, 0.0F);
        stream.ends(v1::DATA_LOSS, "item 3 came where item 0 was expected");
    }
    SECTION("repeat") {
        stream.block(0, 0.0F);
        stream.item(1, 1);
        stream.block(0, 0.0F);
        stream.ends(v1::DATA_LOSS, "item 0 came where item 1 was expected");
    }
}

TEST_CASE("an item of a method that takes none ends its request") {
    Daemon daemon("[[rigs]]\nname = \"box\"\nkind = \"echo\"\n"
                  "[rigs.simulation]\nfaults = [{ kind = \"hang\", at_query = 0 }]\n");
    RawPeer peer(daemon.tcp());
    v1::QueryRequest query;
    query.set_rig("box");
    query.mutable_stimuli()->set_channels(16);
    query.mutable_stimuli()->set_samples(1);
    peer.send({RawPeer::request("phyll.v1.Rigs/Query", 1).SerializeAsString(),
               query.SerializeAsString(), std::string(64, '\0')});
    v1::Header header = RawPeer::request("", 1);
    header.set_kind(v1::END);
    peer.send({header.SerializeAsString()}); // dropped
    peer.expect_service();
    header.set_kind(v1::ITEM);
    peer.send({header.SerializeAsString(), ""});
    const Answer answer = peer.receive();
    REQUIRE(answer.header.kind() == v1::REPLY);
    REQUIRE(answer.code() == v1::INVALID_ARGUMENT);
}
