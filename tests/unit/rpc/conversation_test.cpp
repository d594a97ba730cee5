// The client's items of a call in flight, and who may send how many.

#include "tests/unit/rpc/server_bench.hpp"

#include <cstring>
#include <optional>

using namespace phyll;
using rpc::Call;
using rpc::Content;
using rpc::Exchange;
using rpc::Frames;
using test::Bench;
using test::Peer;

namespace {

const std::string stream_method = "phyll.v1.Rigs/Stream";

/// A call whose answers are kept instead of sent.
class Kept {
  public:
    explicit Kept(Exchange exchange = Exchange::conversation, std::uint32_t credit = 0) {
        v1::Header header = Peer::request(stream_method, 5);
        header.set_credit(credit);
        call = std::make_shared<Call>(header, Frames{}, rpc::Caller{}, Deadline::never(), exchange);
        call->connect([this](const v1::Header& sent, const Frames&) { answers.push_back(sent); },
                      nullptr);
    }

    /// It takes `bytes` of the client's budget.
    void item(std::uint64_t sequence, std::uint32_t credit = 0, std::size_t bytes = 0) {
        v1::Header header;
        header.set_kind(v1::ITEM);
        header.set_sequence(sequence);
        header.set_credit(credit);
        call->take_item(header, {}, account_.take(bytes).value());
    }
    /// What the item is refused with.
    [[nodiscard]] Error refusal(std::uint64_t sequence) {
        try {
            item(sequence);
        } catch (const Error& error) {
            return error;
        }
        return {Code::ok, "taken"};
    }

    /// Bytes that are held for the client.
    [[nodiscard]] std::size_t held() const { return budget_.held(); }

    std::shared_ptr<Call> call;
    std::vector<v1::Header> answers;

  private:
    rpc::Budget budget_{1'000'000, 1'000'000};
    rpc::Budget::Account account_ = budget_.open_account();
};

/// A request or an item of a client, with the block that it is about.
struct Message {
    v1::Header header;
    std::string body;
    std::string payload;
};

v1::Header item_header(std::uint64_t id, std::uint64_t sequence) {
    v1::Header header;
    header.set_kind(v1::ITEM);
    header.set_id(id);
    header.set_sequence(sequence);
    return header;
}

Message block_item(std::uint64_t id, std::uint64_t sequence, std::vector<float> values) {
    v1::StreamRequest body;
    body.mutable_block()->mutable_stimuli()->set_channels(1);
    body.mutable_block()->mutable_stimuli()->set_samples(static_cast<std::uint32_t>(values.size()));
    return {item_header(id, sequence),
            body.SerializeAsString(),
            {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}};
}

void send(Peer& peer, const Message& message) {
    peer.send_raw({message.header.SerializeAsString(), message.body, message.payload});
}

void send_end(Peer& peer, std::uint64_t id) {
    v1::Header end;
    end.set_kind(v1::END);
    end.set_id(id);
    peer.send(end, nullptr);
}

void open(Peer& peer, std::uint64_t id) {
    const v1::StreamRequest opening;
    peer.send(Peer::request(stream_method, id), &opening);
    const v1::Header opened = peer.receive();
    REQUIRE(opened.kind() == v1::ITEM);
    REQUIRE(opened.credit() == 2);
}

} // namespace

TEST_CASE("a client's items are handed over in order, up to its end") {
    Kept kept;
    std::vector<std::string> heard;
    kept.call->when_item([&](const Content& item) {
        v1::StreamRequest body;
        REQUIRE_THROWS_WITH(item.read_body(body), Catch::Contains(stream_method + ", item ") &&
                                                      Catch::Contains("no body"));
        heard.emplace_back("item");
    });
    kept.call->when_end([&] { heard.emplace_back("end"); });
    kept.call->grant_client(2);
    kept.call->send_grant();
    kept.item(0);
    kept.item(1);
    kept.call->take_end();
    kept.call->take_end(); // no news
    REQUIRE(heard == std::vector<std::string>{"item", "item", "end"});
    REQUIRE_FALSE(kept.call->over());
    REQUIRE(kept.refusal(2).code() == Code::invalid_argument);
    REQUIRE_THAT(kept.refusal(2).what(), Catch::Contains("item 2 came after the client's END"));
}

TEST_CASE("a gap or a repeat among a client's items is refused with both numbers") {
    Kept kept;
    kept.call->when_item([](const Content&) {});
    kept.call->grant_client(100);
    kept.call->send_grant();
    kept.item(0);
    for (const std::uint64_t wrong : {0, 2, 77}) {
        const Error error = kept.refusal(wrong);
        INFO(error.what());
        REQUIRE(error.code() == Code::data_loss);
        REQUIRE_THAT(error.what(), Catch::Contains(stream_method) &&
                                       Catch::Contains("item " + std::to_string(wrong) + " came") &&
                                       Catch::Contains("item 1 was expected"));
    }
    kept.item(1);
}

TEST_CASE("a client sends no more items than it was told that it may") {
    Kept kept;
    kept.call->when_item([](const Content&) {});
    REQUIRE(kept.refusal(0).code() == Code::resource_exhausted);
    kept.call->grant_client(1);
    REQUIRE(kept.refusal(0).code() == Code::resource_exhausted); // it cannot know
    kept.call->item(v1::StreamItem());
    REQUIRE(kept.answers.back().credit() == 1);
    kept.item(0);
    REQUIRE_THAT(kept.refusal(1).what(), Catch::Contains("may send only 1 so far"));
    kept.call->item(v1::StreamItem());
    REQUIRE(kept.answers.back().credit() == 0);
    REQUIRE(kept.refusal(1).code() == Code::resource_exhausted);
    kept.call->grant_client(2);
    kept.call->grant_client(3);
    kept.call->send_grant();
    REQUIRE(kept.answers.back().kind() == v1::CREDIT);
    REQUIRE(kept.answers.back().id() == 5);
    REQUIRE(kept.answers.back().credit() == 5);
    kept.item(1);
    const std::size_t said = kept.answers.size();
    kept.call->send_grant(); // there is nothing to tell
    REQUIRE(kept.answers.size() == said);
}

TEST_CASE("items come only in a conversation") {
    Kept kept(GENERATE(Exchange::unary, Exchange::stream));
    REQUIRE(kept.refusal(0).code() == Code::invalid_argument);
    REQUIRE_THAT(kept.refusal(0).what(), Catch::Contains("takes no items"));
}

TEST_CASE("credit in the header of a client's item counts") {
    Kept kept(Exchange::conversation, 1);
    kept.call->when_item([](const Content&) {});
    kept.call->grant_client(2);
    kept.call->send_grant();
    REQUIRE(kept.call->take_credit());
    REQUIRE_FALSE(kept.call->take_credit());
    bool granted = false;
    kept.call->when_granted([&] { granted = true; });
    kept.item(0);
    REQUIRE_FALSE(granted);
    kept.item(1, 2);
    REQUIRE(granted);
    REQUIRE(kept.call->take_credit());
    REQUIRE(kept.call->take_credit());
    REQUIRE_FALSE(kept.call->take_credit());
}

TEST_CASE("a call that is over hears of no more items, also when an item ended it") {
    Kept kept;
    int heard = 0;
    kept.call->when_item([&](const Content&) {
        ++heard;
        kept.call->end();
    });
    kept.call->grant_client(3);
    kept.call->send_grant();
    kept.item(0);
    REQUIRE(kept.call->over());
    kept.item(1);
    kept.call->when_item([&](const Content&) { ++heard; });
    kept.item(2);
    REQUIRE(heard == 1);
}

TEST_CASE("an item weighs on its client until as many more are granted, or the call is gone") {
    Kept kept;
    kept.call->when_item([](const Content&) {});
    kept.call->grant_client(3); // of none that came
    kept.call->send_grant();
    kept.item(0, 0, 100);
    kept.item(1, 0, 10);
    kept.item(2, 0, 1);
    REQUIRE(kept.held() == 111);
    kept.call->grant_client(1);
    REQUIRE(kept.held() == 11);
    kept.call->grant_client(1);
    REQUIRE(kept.held() == 1);
    kept.call->end();
    kept.call.reset();
    REQUIRE(kept.held() == 0);
}

TEST_CASE("blocks go through a stream and back, with the credit that the daemon gives") {
    Bench bench;
    Peer peer(bench);
    open(peer, 3);
    for (std::uint64_t i = 0; i < 50; ++i) {
        const std::vector<float> values{static_cast<float>(i), 0.5F};
        send(peer, block_item(3, i, values));
        std::vector<zmq::message_t> rest;
        const v1::Header answer = peer.receive(&rest);
        REQUIRE(answer.kind() == v1::ITEM);
        REQUIRE(answer.sequence() == i + 1); // after that which said that it is open
        REQUIRE(answer.credit() == 1);
        REQUIRE(rest.size() == 2);
        REQUIRE(rest[1].size() == 8);
        REQUIRE(std::memcmp(rest[1].data(), values.data(), 8) == 0);
    }
    send_end(peer, 3);
    const v1::Header end = peer.receive();
    REQUIRE(end.kind() == v1::END);
    REQUIRE(end.status().code() == v1::OK);
    send(peer, block_item(3, 50, {1.0F})); // it is over: nobody hears it
    send_end(peer, 3);
    peer.expect_service(4);
}

TEST_CASE("what is wrong with a client's item ends its call, and no other") {
    Bench bench;
    Peer peer(bench);
    open(peer, 1);
    open(peer, 2);
    v1::Code expected = v1::OK;
    SECTION("gap") {
        send(peer, block_item(2, 1, {0.0F}));
        expected = v1::DATA_LOSS;
    }
    SECTION("body that is something else") {
        peer.send_raw({item_header(2, 0).SerializeAsString(), "\xff\xff\xff"});
        expected = v1::INVALID_ARGUMENT;
    }
    SECTION("payload that is missing") {
        Message item = block_item(2, 0, {0.0F});
        peer.send_raw({item.header.SerializeAsString(), item.body});
        expected = v1::INVALID_ARGUMENT;
    }
    const v1::Header end = peer.receive();
    REQUIRE(end.kind() == v1::END);
    REQUIRE(end.id() == 2);
    REQUIRE(end.status().code() == expected);
    send(peer, block_item(1, 0, {0.0F}));
    REQUIRE(peer.receive().id() == 1);
    peer.expect_service(9);
}

TEST_CASE("an item for a method that takes none ends that call, an end does not") {
    Bench bench;
    Peer peer(bench);
    const v1::QueryRequest query;
    peer.send(Peer::request("phyll.v1.Rigs/Query", 1), &query); // never answered
    send_end(peer, 1);
    peer.expect_service(2);
    send(peer, block_item(1, 0, {0.0F}));
    const v1::Header reply = peer.receive();
    REQUIRE(reply.kind() == v1::REPLY);
    REQUIRE(reply.status().code() == v1::INVALID_ARGUMENT);
}
