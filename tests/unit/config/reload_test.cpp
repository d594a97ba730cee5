#include "daemon/config/reload.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using config::Reloaded;

namespace {

v1::DaemonConfig lab() {
    v1::DaemonConfig config;
    config.set_listen("tcp://127.0.0.1:5570");
    config.set_log_level("info");
    config.set_hold_limit(24);
    config.add_rigs()->set_name("cavity");
    config.mutable_limits()->set_requests(1024);
    config.mutable_retention()->set_keep_runs(3);
    return config;
}

} // namespace

TEST_CASE("a reload of the same configuration changes nothing") {
    v1::DaemonConfig running = lab();
    const Reloaded reloaded = config::reload(running, lab());
    CHECK(reloaded.changed.empty());
    CHECK(reloaded.at_start.empty());
}

TEST_CASE("a reload takes over what may change, and names what else differs") {
    v1::DaemonConfig running = lab();
    v1::DaemonConfig read = lab();
    read.set_listen("tcp://127.0.0.1:1");
    read.set_log_level("debug");
    read.mutable_rigs(0)->set_name("box");
    read.mutable_limits()->set_requests(7);
    read.clear_retention();
    read.mutable_notify()->set_command("mail");
    const Reloaded reloaded = config::reload(running, read);
    CHECK(reloaded.changed ==
          std::vector<std::string>{"log_level", "retention", "notify", "limits"});
    CHECK(reloaded.at_start == std::vector<std::string>{"listen", "rigs"});
    CHECK(running.listen() == "tcp://127.0.0.1:5570");
    CHECK(running.log_level() == "debug");
    CHECK(running.rigs(0).name() == "cavity");
    CHECK(running.limits().requests() == 7);
    CHECK_FALSE(running.has_retention());
    CHECK(running.notify().command() == "mail");
    CHECK(running.hold_limit() == 24);

    // What waits for the next start is said each time.
    CHECK(config::reload(running, read).at_start == reloaded.at_start);
    CHECK(config::reload(running, read).changed.empty());
}
