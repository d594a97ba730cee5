#include "clients/cpp/client.hpp"
#include "tests/unit/client/fake_daemon.hpp"

#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

using namespace phyll;
using test::FakeDaemon;

TEST_CASE("requests carry the lease that the client uses, each kind of them") {
    FakeDaemon daemon([](const FakeDaemon::Said& said, const FakeDaemon::Say& say) {
        if (said.header.method() == "phyll.v1.Runs/Watch") {
            say(FakeDaemon::answer(v1::END, said.header.id()), {});
        } else if (said.header.kind() == v1::REQUEST) {
            say(FakeDaemon::answer(v1::REPLY, said.header.id()), {""});
        }
    });
    Client client(daemon.endpoint());
    const auto ask = [&] {
        static_cast<void>(client.call<v1::RigReply>("phyll.v1.Rigs/Get", v1::RigRequest()));
    };
    ask();
    client.use_lease("sixteen bytes...");
    ask();
    client.stream<v1::WatchItem>("phyll.v1.Runs/Watch", v1::WatchRequest(),
                                 [](const v1::WatchItem&) { return true; });
    client.use_lease("");
    ask();
    std::vector<std::string> leases;
    for (const FakeDaemon::Said& said : daemon.said()) {
        leases.push_back(said.header.lease());
    }
    REQUIRE(leases == std::vector<std::string>{"", "sixteen bytes...", "sixteen bytes...", ""});
}

TEST_CASE("a daemon that does not answer in time is told to give up") {
    FakeDaemon daemon([](const FakeDaemon::Said& said, const FakeDaemon::Say& say) {
        if (said.header.method() == "phyll.v1.Rigs/Get") {
            say(FakeDaemon::answer(v1::REPLY, said.header.id()), {""});
        }
    });
    Client client(daemon.endpoint());
    try {
        static_cast<void>(client.call<v1::QueryReply>("phyll.v1.Rigs/Query", v1::QueryRequest(),
                                                      std::chrono::milliseconds(1)));
        FAIL("it was answered");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::deadline_exceeded);
    }
    // When this is answered, the word before it was heard.
    static_cast<void>(client.call<v1::RigReply>("phyll.v1.Rigs/Get", v1::RigRequest()));
    const std::vector<FakeDaemon::Said> said = daemon.said();
    REQUIRE(said.size() == 3);
    REQUIRE(said[1].header.kind() == v1::CANCEL);
    REQUIRE(said[1].header.id() == said[0].header.id());
}
