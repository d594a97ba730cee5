// A daemon in the midst of strangers: what it trains is what it trains alone, and nothing of them
// stays. PHYLL_HOSTILE_SECONDS is how long they do; the target `soak_hostile` takes ten minutes.

#include "hostile_crowd.hpp"
#include "json_lines.hpp"
#include "keyed_peers.hpp"
#include "run_files.hpp"

#include "tests/support/await.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/leases.pb.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

using namespace phyll;
using namespace std::chrono_literals;
using test::Daemon;
using test::HostileCrowd;
using test::Keyed;
using test::RawPeer;

namespace {

/// In MiB, however long it takes: what an allocator keeps; a sanitizer's keeps 256 MiB alone.
#if defined(__SANITIZE_ADDRESS__)
constexpr double most_grown = 500.0;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr double most_grown = 500.0;
#else
constexpr double most_grown = 150.0;
#endif
#else
constexpr double most_grown = 150.0;
#endif

std::chrono::seconds how_long() {
    const char* stated = std::getenv("PHYLL_HOSTILE_SECONDS");
    return std::chrono::seconds(stated != nullptr ? std::stoi(stated) : 30);
}

std::string train(const Daemon& daemon) {
    const std::string file = daemon.write("run.toml", test::short_run).string();
    const auto run = daemon.ctl({"--json", "run", "start", file, "--watch"});
    INFO(run.err);
    REQUIRE(run.status == 0);
    return test::lines_of(run.out).back()["weights_sha256"];
}

} // namespace

TEST_CASE("strangers change nothing of what is trained, and leave nothing behind") {
    Daemon daemon(test::lab_with_keys);
    const std::string alone = train(daemon);
    Keyed owner(daemon, "olga", v1::ROLE_OPERATOR);
    Keyed known(daemon, "kurt", v1::ROLE_OPERATOR);
    v1::TakeLeaseRequest take;
    take.add_rigs("echo");
    take.set_time_to_live(86400);
    const auto lease =
        test::reply_of<v1::TakeLeaseReply>(owner.peer.ask("phyll.v1.Leases/Take", take));
    RawPeer admin(daemon.ipc());
    admin.expect_service();
    known.peer.expect_service();
    const std::size_t descriptors = daemon.process().descriptors();
    const double memory = daemon.process().memory();

    int runs = 0;
    {
        const HostileCrowd crowd(
            {daemon.tcp(), daemon.ipc(), daemon.server_key(), known.key, lease.token()});
        const auto end = std::chrono::steady_clock::now() + how_long();
        while (std::chrono::steady_clock::now() < end || !crowd.all_were_busy()) {
            REQUIRE(train(daemon) == alone);
            ++runs;
            admin.expect_service();
        }
        std::cout << crowd.account() << "runs: " << runs << '\n';
    }
    const double grown = daemon.process().memory() - memory;
    std::cout << "memory: " << memory << " MiB, grown by " << grown << " MiB\n";
    CHECK(grown < most_grown);
    // The lease is its owner's still.
    v1::LeaseRequest renew;
    renew.set_token(lease.token());
    REQUIRE(owner.peer.ask("phyll.v1.Leases/Renew", renew).code() == v1::OK);
    // Who began a handshake has 5 s; then nothing of anybody is left.
    test::await([&] { return daemon.process().descriptors() <= descriptors; });
    // And nothing is done for them: less than a twentieth of a processor.
    test::await([&] {
        const double before = daemon.process().cpu_seconds();
        std::this_thread::sleep_for(1s);
        return daemon.process().cpu_seconds() - before < 0.05;
    });
    REQUIRE(train(daemon) == alone);
    REQUIRE(daemon.stop() == 0); // a sanitizer's daemon says here what leaked
}
