#include "daemon/rpc/dispatcher.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

using namespace phyll;
using rpc::Call;
using rpc::Dispatcher;

TEST_CASE(
    "every method of every service is known with its role, and none is implemented at first") {
    const Dispatcher dispatcher;
    REQUIRE(dispatcher.methods().size() == 63);
    for (const auto& [name, method] : dispatcher.methods()) {
        INFO(name);
        REQUIRE(method.role != v1::ROLE_UNSPECIFIED);
        REQUIRE_FALSE(method.handler);
    }
    REQUIRE(dispatcher.find("phyll.v1.Runs/Submit")->role == v1::ROLE_OPERATOR);
    REQUIRE(dispatcher.find("phyll.v1.Admin/AddKey")->role == v1::ROLE_ADMIN);
    // Whoever sees the lab may stop it.
    REQUIRE(dispatcher.find("phyll.v1.Rigs/Stop")->role == v1::ROLE_VIEWER);
    REQUIRE(dispatcher.find("phyll.v1.Runs/Destroy") == nullptr);
}

TEST_CASE("a handler of other types than the .proto declares is refused at start") {
    Dispatcher dispatcher;
    const auto handle = [](const v1::RigsRequest&, const Call&) { return v1::RigsReply(); };
    REQUIRE_NOTHROW(dispatcher.answer<v1::RigsRequest, v1::RigsReply>("phyll.v1.Lab/Rigs", handle));
    REQUIRE_THROWS_AS(
        (dispatcher.answer<v1::RigsRequest, v1::RigsReply>("phyll.v1.Lab/Describe", handle)),
        Error);
    REQUIRE_THROWS_AS(
        (dispatcher.answer<v1::RigsRequest, v1::RigsReply>("phyll.v1.Lab/Nothing", handle)), Error);
    // A streaming method cannot be answered once and for all.
    REQUIRE_THROWS_AS(
        (dispatcher.serve<v1::WatchRequest, v1::WatchItem>(
            "phyll.v1.Runs/Watch", [](const v1::WatchRequest&, const std::shared_ptr<Call>&) {})),
        Error);
    // Nor does one take items from its client that does not declare it, or the other way round.
    const auto watch = [](const v1::WatchRequest&, const std::shared_ptr<Call>&) {};
    REQUIRE_THROWS_AS(
        (dispatcher.converse<v1::WatchRequest, v1::WatchItem>("phyll.v1.Runs/Watch", watch)),
        Error);
    const auto converse = [](const v1::StreamRequest&, const std::shared_ptr<Call>&) {};
    REQUIRE_THROWS_AS(
        (dispatcher.stream<v1::StreamRequest, v1::StreamItem>("phyll.v1.Rigs/Stream", converse)),
        Error);
    REQUIRE_NOTHROW(
        (dispatcher.converse<v1::StreamRequest, v1::StreamItem>("phyll.v1.Rigs/Stream", converse)));
}
