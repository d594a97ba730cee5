#include "daemon/rig/make_safe.hpp"
#include "drivers/instruments/instrument_lock.hpp"
#include "tests/support/fake_instruments.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace phyll;
using rig::Holder;

namespace {

struct Bench {
    test::TempDir locks;
    SystemClock clock;
    std::shared_ptr<test::FakeBench> bench = std::make_shared<test::FakeBench>();
    test::FakeInstrument instrument{"awg", bench, clock};
    const instruments::InstrumentSettings settings{.name = "awg",
                                                   .kind = "generator",
                                                   .address = "TCPIP0::h::1::SOCKET",
                                                   .serial = "",
                                                   .dialect = ""};

    rig::MadeSafe make_safe(Holder holder = Holder::leave) {
        return rig::make_instrument_safe(instrument, settings, locks.path(), holder, clock);
    }
};

/// Another process that drives the instrument and heeds nothing. It ends with the object.
class Driver {
  public:
    explicit Driver(const Bench& bench) {
        int pipe_ends[2] = {-1, -1};
        REQUIRE(::pipe(pipe_ends) == 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            const instruments::InstrumentLock lock(bench.locks.path(), bench.settings.address);
            static_cast<void>(::write(pipe_ends[1], "x", 1));
            for (;;) {
                ::pause();
            }
        }
        char byte = 0;
        REQUIRE(::read(pipe_ends[0], &byte, 1) == 1);
        ::close(pipe_ends[0]);
        ::close(pipe_ends[1]);
    }
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;
    ~Driver() {
        if (!ended_) {
            ::kill(pid_, SIGKILL);
            static_cast<void>(wait());
        }
    }

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// The signal that ended it.
    int wait() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        ended_ = true;
        return WTERMSIG(status);
    }

  private:
    pid_t pid_ = -1;
    bool ended_ = false;
};

} // namespace

TEST_CASE("an instrument is made safe, and says so itself") {
    Bench bench;
    bench.bench->on = true;
    for (const Holder holder : {Holder::leave, Holder::kill}) {
        const rig::MadeSafe made = bench.make_safe(holder);
        REQUIRE(made.safe);
        REQUIRE(made.line ==
                "awg at TCPIP0::h::1::SOCKET: Maker M1, serial S1: safe, its output is off");
    }
    REQUIRE_FALSE(bench.bench->on);
}

TEST_CASE("an instrument that does not answer is not known to be safe") {
    Bench bench;
    bench.bench->there = false;
    const rig::MadeSafe made = bench.make_safe();
    REQUIRE_FALSE(made.safe);
    REQUIRE(made.line == "awg at TCPIP0::h::1::SOCKET: not known to be safe: awg: nobody answers");
}

TEST_CASE("an instrument that a process drives is left to it, or the process is killed") {
    Bench bench;
    bench.bench->on = true;
    Driver driver(bench);
    const rig::MadeSafe left = bench.make_safe();
    REQUIRE_FALSE(left.safe);
    REQUIRE(left.line.starts_with("awg at TCPIP0::h::1::SOCKET: not touched: process " +
                                  std::to_string(driver.pid()) + " ("));
    REQUIRE(left.line.ends_with(") drives it; stop that one, or --kill-holder kills it"));
    REQUIRE(bench.bench->on);

    REQUIRE(bench.make_safe(Holder::kill).safe);
    REQUIRE_FALSE(bench.bench->on);
    REQUIRE(driver.wait() == SIGKILL);
}
