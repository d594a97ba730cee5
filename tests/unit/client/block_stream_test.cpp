#include "clients/cpp/block_stream.hpp"
#include "tests/unit/client/fake_daemon.hpp"

#include <array>
#include <cstring>
#include <memory>

using namespace phyll;
using test::FakeDaemon;

namespace {

constexpr std::uint32_t window = 3;

/// Answers blocks with themselves, after a word that opens the stream. Derived ones do otherwise.
class Echo {
  public:
    virtual ~Echo() = default;
    Echo() = default;
    Echo(const Echo&) = delete;
    Echo& operator=(const Echo&) = delete;

    void hear(const FakeDaemon::Said& said, const FakeDaemon::Say& say) {
        id_ = said.header.id();
        switch (said.header.kind()) {
        case v1::REQUEST:
            sent_ = 0;
            samples_ = 0;
            credit_ = said.header.credit();
            open(say);
            break;
        case v1::ITEM:
            credit_ += said.header.credit();
            block(said, say);
            break;
        case v1::END:
            say(FakeDaemon::answer(v1::END, id_), {});
            break;
        default:
            credit_ += said.header.credit();
        }
    }

  protected:
    virtual void open(const FakeDaemon::Say& say) {
        v1::StreamItem item;
        item.mutable_opened()->set_window(window);
        item.mutable_opened()->set_key(17);
        say(item_header(window), {item.SerializeAsString()});
    }
    virtual void block(const FakeDaemon::Said& said, const FakeDaemon::Say& say) {
        say(item_header(1), {result(said).SerializeAsString(), said.payload});
    }
    /// A result that nobody is ready for is a fault of the client's.
    v1::Header item_header(std::uint32_t credit) {
        v1::Header header = FakeDaemon::answer(v1::ITEM, id_);
        header.set_sequence(sent_++);
        header.set_credit(credit);
        starved_ = starved_ || credit_ == 0;
        --credit_;
        return header;
    }
    v1::StreamItem result(const FakeDaemon::Said& said) {
        v1::StreamRequest request;
        static_cast<void>(request.ParseFromString(said.body));
        v1::StreamItem item;
        v1::StreamResult& told = *item.mutable_result();
        *told.mutable_responses() = request.block().stimuli();
        told.set_valid(true);
        told.set_first(samples_);
        for (std::uint32_t i = 0; i < request.block().stimuli().samples(); ++i) {
            const std::array<double, 2> times{100.0 + static_cast<double>(samples_ + i),
                                              100.5 + static_cast<double>(samples_ + i)};
            told.mutable_times()->append(reinterpret_cast<const char*>(times.data()), sizeof times);
        }
        samples_ += request.block().stimuli().samples();
        return item;
    }

    std::uint64_t id_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t samples_ = 0;
    std::uint64_t credit_ = 0;

  public:
    bool starved_ = false; ///< the client was sent what it was not ready for
};

/// A daemon with a stream of its own.
template <class Stream>
struct StreamDaemon {
    Stream stream;
    FakeDaemon daemon{[this](const FakeDaemon::Said& said, const FakeDaemon::Say& say) {
        stream.hear(said, say);
    }};

    std::unique_ptr<BlockStream> open(const BlockStream::Options& options = {}) {
        v1::StreamOpening opening;
        opening.set_rig("echo");
        return std::make_unique<BlockStream>(daemon.endpoint(), opening, options);
    }
};

OwnedBlock block_of(std::uint64_t number) {
    OwnedBlock block(2, 3);
    for (std::size_t k = 0; k < 6; ++k) {
        block.view().data()[k] = static_cast<float>(number) + static_cast<float>(k) / 8.0F;
    }
    return block;
}

constexpr std::chrono::milliseconds patience{20'000};

/// What the call throws.
template <class Call>
Error failure_of(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return {Code::ok, "nothing was thrown"};
}

} // namespace

TEST_CASE("blocks go out as the daemon takes them, their results come back in order") {
    StreamDaemon<Echo> lab;
    const auto stream = lab.open({.lease = "a lease"});
    REQUIRE(stream->opened().key() == 17);
    const std::uint64_t blocks = 300; // more than results that the client is ready for at once
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    while (received < blocks) {
        const OwnedBlock next = block_of(sent);
        if (sent < blocks && stream->try_send(next.view())) {
            ++sent;
            REQUIRE(stream->on_their_way() <= window);
            continue;
        }
        const std::optional<BlockResult> result = stream->receive(patience);
        REQUIRE(result);
        REQUIRE(result->block == received);
        REQUIRE(result->first == 3 * received);
        REQUIRE(result->valid);
        const OwnedBlock expected = block_of(received);
        REQUIRE(std::memcmp(result->responses.view().data(), expected.view().data(),
                            6 * sizeof(float)) == 0);
        REQUIRE(result->times.size() == 3);
        REQUIRE(result->times[1].begin == 100.0 + static_cast<double>(3 * received + 1));
        REQUIRE(result->times[1].end == 100.5 + static_cast<double>(3 * received + 1));
        ++received;
    }
    REQUIRE_FALSE(stream->over());
    stream->finish();
    REQUIRE_FALSE(stream->receive(patience));
    REQUIRE(stream->over());
    REQUIRE_FALSE(stream->receive(patience));
    REQUIRE_FALSE(lab.stream.starved_);
    REQUIRE(lab.daemon.said()[0].header.lease() == "a lease");
}

TEST_CASE("a block that the daemon has no room for is not sent") {
    /// Opens the stream, and gives more credit when it is asked for results the third time.
    class Mute : public Echo {
        void block(const FakeDaemon::Said& said, const FakeDaemon::Say& say) override {
            if (said.header.sequence() + 1 == window) {
                v1::Header credit = FakeDaemon::answer(v1::CREDIT, id_);
                credit.set_credit(1);
                say(credit, {});
                say(item_header(0), {result(said).SerializeAsString(), said.payload});
            }
        }
    };
    StreamDaemon<Mute> lab;
    const auto stream = lab.open();
    const OwnedBlock block = block_of(0);
    for (std::uint32_t i = 0; i < window; ++i) {
        REQUIRE(stream->try_send(block.view()));
    }
    REQUIRE_FALSE(stream->try_send(block.view()));
    REQUIRE(stream->on_their_way() == window);
    REQUIRE(stream->receive(patience));
    REQUIRE(stream->try_send(block.view()));
    REQUIRE_FALSE(stream->try_send(block.view()));
    REQUIRE_FALSE(stream->receive(std::chrono::milliseconds(1))); // nothing comes
    REQUIRE_FALSE(stream->over());
}

TEST_CASE("a stream that is refused, or ends badly, throws the daemon's words") {
    class Refusal : public Echo {
        void open(const FakeDaemon::Say& say) override {
            say(FakeDaemon::answer(v1::END, id_, v1::FAILED_PRECONDITION, "echo is held by run 3"),
                {});
        }
    };
    class BadEnd : public Echo {
        void block(const FakeDaemon::Said&, const FakeDaemon::Say& say) override {
            say(FakeDaemon::answer(v1::END, id_, v1::ABORTED, "the lease on echo ended"), {});
        }
    };
    StreamDaemon<Refusal> refusal;
    const Error refused = failure_of([&] { refusal.open(); });
    REQUIRE(refused.code() == Code::failed_precondition);
    REQUIRE(refused.what() == std::string("echo is held by run 3"));

    StreamDaemon<BadEnd> bad_end;
    const auto stream = bad_end.open();
    REQUIRE(stream->try_send(block_of(0).view()));
    const Error ended = failure_of([&] { static_cast<void>(stream->receive(patience)); });
    REQUIRE(ended.code() == Code::aborted);
    REQUIRE(ended.what() == std::string("the lease on echo ended"));
    REQUIRE_FALSE(stream->try_send(block_of(1).view()));
}

TEST_CASE("a block that is not valid comes with the reason") {
    class Marked : public Echo {
        void block(const FakeDaemon::Said& said, const FakeDaemon::Say& say) override {
            v1::StreamItem item = result(said);
            item.mutable_result()->set_valid(false);
            item.mutable_result()->set_reason("disconnected");
            item.mutable_result()->clear_times();
            say(item_header(1), {item.SerializeAsString(), said.payload});
        }
    };
    StreamDaemon<Marked> lab;
    const auto stream = lab.open();
    REQUIRE(stream->try_send(block_of(0).view()));
    const std::optional<BlockResult> result = stream->receive(patience);
    REQUIRE(result);
    REQUIRE_FALSE(result->valid);
    REQUIRE(result->reason == "disconnected");
    REQUIRE(result->times.empty());
}

TEST_CASE("what is no stream is recognised") {
    /// Leaves out a result.
    class Gap : public Echo {
        void block(const FakeDaemon::Said& said, const FakeDaemon::Say& say) override {
            ++sent_;
            Echo::block(said, say);
        }
    };
    /// Describes more than there is.
    class Short : public Echo {
        void block(const FakeDaemon::Said& said, const FakeDaemon::Say& say) override {
            say(item_header(1), {result(said).SerializeAsString(), said.payload.substr(4)});
        }
    };
    /// Answers what was not asked.
    class Early : public Echo {
        void open(const FakeDaemon::Say& say) override {
            v1::StreamItem item;
            item.mutable_result()->set_valid(true);
            say(item_header(1), {item.SerializeAsString(), ""});
        }
    };
    const auto exchange = [](auto& lab) {
        return failure_of([&] {
            const auto stream = lab.open();
            static_cast<void>(stream->try_send(block_of(0).view()));
            static_cast<void>(stream->receive(patience));
        });
    };
    StreamDaemon<Gap> gap;
    REQUIRE(exchange(gap).code() == Code::data_loss);
    StreamDaemon<Short> shorter;
    REQUIRE(exchange(shorter).code() == Code::data_loss);
    StreamDaemon<Early> early;
    REQUIRE(exchange(early).code() == Code::data_loss);
}

TEST_CASE("a stream that is dropped in the middle is cancelled, one that waits can be given up") {
    StreamDaemon<Echo> lab;
    lab.open().reset();
    lab.open().reset(); // when this one was opened, what was said before it was heard
    REQUIRE(lab.daemon.said().at(1).header.kind() == v1::CANCEL);

    class Silent : public Echo {
        void open(const FakeDaemon::Say&) override {}
    };
    StreamDaemon<Silent> silent;
    const Error late = failure_of([&] { silent.open({.opening = std::chrono::milliseconds(1)}); });
    REQUIRE(late.code() == Code::deadline_exceeded);
}
