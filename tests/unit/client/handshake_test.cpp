// Who a client and a phylld show each other to be, with ZeroMQ's own CURVE between them.

#include "clients/cpp/client.hpp"
#include "clients/cpp/greeting.hpp"
#include "tests/unit/client/fake_daemon.hpp"

#include <phyll/v1/rigs.pb.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace phyll;
using test::FakeDaemon;

namespace {

void agree(const FakeDaemon::Said& said, const FakeDaemon::Say& say) {
    say(FakeDaemon::answer(v1::REPLY, said.header.id()), {""});
}

/// A daemon that asks for keys, and somebody whose key it knows.
struct Lab {
    explicit Lab(const std::string& refusal = "400")
        : daemon(agree, FakeDaemon::Keys{server, client.public_key(), refusal}) {}

    [[nodiscard]] Address seen_by(const SecretKey& own, const PublicKey& expected) const {
        return {daemon.endpoint(), std::make_shared<const Credentials>(Credentials{expected, own})};
    }

    SecretKey server = new_secret_key();
    SecretKey client = new_secret_key();
    FakeDaemon daemon;
};

Error refusal_of(const Address& address) {
    const auto start = std::chrono::steady_clock::now();
    try {
        const Client client(address);
    } catch (const Error& error) {
        REQUIRE(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
        return error;
    }
    FAIL("they have come to terms");
    return {Code::ok, ""};
}

/// Whoever takes connections, says `words` on each and then hangs up, or does not.
class Stranger {
  public:
    Stranger(std::string words, bool hangs_up) : words_(std::move(words)), hangs_up_(hangs_up) {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof where;
        REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&where), size) == 0);
        REQUIRE(::listen(socket_.get(), 8) == 0);
        REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&where), &size) == 0);
        endpoint = "tcp://127.0.0.1:" + std::to_string(ntohs(where.sin_port));
        thread_ = std::jthread([this] { take_connections(); });
    }
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;
    ~Stranger() { ::shutdown(socket_.get(), SHUT_RDWR); } // ends the accept under way

    std::string endpoint;

  private:
    void take_connections() {
        std::vector<Descriptor> open;
        for (;;) {
            Descriptor taken(::accept(socket_.get(), nullptr, nullptr));
            if (taken.get() < 0) {
                return;
            }
            static_cast<void>(::send(taken.get(), words_.data(), words_.size(), MSG_NOSIGNAL));
            if (!hangs_up_) {
                open.push_back(std::move(taken));
            }
        }
    }

    std::string words_;
    bool hangs_up_;
    Descriptor socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::jthread thread_;
};

} // namespace

TEST_CASE("a client whose key is known talks to the phylld that it means") {
    const Lab lab;
    Client client(lab.seen_by(lab.client, lab.server.public_key()));
    static_cast<void>(client.call<v1::RigReply>("phyll.v1.Rigs/Get", v1::RigRequest()));
    REQUIRE(client.endpoint() == lab.daemon.endpoint());
    REQUIRE(client.address().credentials->server == lab.server.public_key());
}

TEST_CASE("a client whose key is not known is told so, and what to ask for") {
    const Lab lab;
    const SecretKey other = new_secret_key();
    const Error error = refusal_of(lab.seen_by(other, lab.server.public_key()));
    REQUIRE(error.code() == Code::unauthenticated);
    REQUIRE(error.what() == "phylld at " + lab.daemon.endpoint() + " does not know the key " +
                                other.public_key().short_text() +
                                ", or it was revoked; ask an admin to add it: phyllctl key add " +
                                other.public_key().text() + " --name NAME --role operator");
}

TEST_CASE(
    "a phylld that cannot look a key up just now is not taken for one that does not know it") {
    const Lab lab("500");
    const Error error = refusal_of(lab.seen_by(new_secret_key(), lab.server.public_key()));
    REQUIRE(error.code() == Code::unavailable);
    REQUIRE_THAT(error.what(), Catch::Contains("cannot tell whose key this is (status 500"));
}

TEST_CASE("a client does not talk to a phylld that has another key than the one it means") {
    const Lab lab;
    const PublicKey meant = new_secret_key().public_key();
    const Error error = refusal_of(lab.seen_by(lab.client, meant));
    REQUIRE(error.code() == Code::unauthenticated);
    REQUIRE_THAT(error.what(),
                 Catch::Contains("does not have the server key " + meant.short_text()) &&
                     Catch::Contains("phyllctl key list"));
    REQUIRE(lab.daemon.said().empty());
}

TEST_CASE("a client with keys does not talk to whoever asks for none") {
    const FakeDaemon daemon(agree);
    const PublicKey meant = new_secret_key().public_key();
    const Error error =
        refusal_of({daemon.endpoint(),
                    std::make_shared<const Credentials>(Credentials{meant, new_secret_key()})});
    REQUIRE(error.code() == Code::unauthenticated);
    REQUIRE_THAT(error.what(),
                 Catch::Contains("asks for no keys") && Catch::Contains(meant.short_text()));
    REQUIRE(daemon.said().empty());
}

TEST_CASE("a client without a key is told that one is needed, and how to give it") {
    const Lab lab;
    const Error error = refusal_of(lab.daemon.endpoint());
    REQUIRE(error.code() == Code::unauthenticated);
    REQUIRE_THAT(error.what(), Catch::Contains("asks for a key") && Catch::Contains("--lab") &&
                                   Catch::Contains("docs/security.md"));
}

TEST_CASE("who hangs up is no phylld, with keys and without") {
    const Stranger stranger("HTTP/1.1 400 Bad Request\r\n\r\n", true);
    const Credentials keys{new_secret_key().public_key(), new_secret_key()};
    for (const Address& address :
         {Address(stranger.endpoint),
          Address(stranger.endpoint, std::make_shared<const Credentials>(keys))}) {
        const Error error = refusal_of(address);
        REQUIRE(error.code() == Code::unavailable);
        REQUIRE_THAT(error.what(), Catch::Contains("is no phylld"));
    }
}

TEST_CASE("a greeting says whether keys are asked for, and nothing said is no greeting") {
    const auto soon = [] { return std::chrono::steady_clock::now() + std::chrono::seconds(5); };
    REQUIRE(greeting_at(FakeDaemon(agree).endpoint(), soon()) == Greeting::without_keys);
    REQUIRE(greeting_at(Lab().daemon.endpoint(), soon()) == Greeting::with_keys);
    const Stranger web("HTTP/1.1 400 Bad Request\r\n\r\n" + std::string(100, '!'), true);
    REQUIRE(greeting_at(web.endpoint, soon()) == Greeting::none);
    const Stranger silent("", false);
    const auto shortly = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    REQUIRE(greeting_at(silent.endpoint, shortly) == Greeting::none);
    REQUIRE(greeting_at("ipc:///nowhere", soon()) == Greeting::none);
}
