#include "drivers/instruments/scpi_session.hpp"
#include "tests/support/await.hpp"
#include "tests/support/paths.hpp"
#include "tests/unit/drivers/code_of.hpp"
#include "tests/unit/drivers/line_server.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

using namespace phyll;
using namespace phyll::instruments;
using namespace std::chrono_literals;
using test::code_of;

namespace {

const ErrorQueueQuery queue{.query = "SYST:ERR?", .none = {"0,"}};

/// Somebody who says that it is an instrument, and can be told to be late.
class Somebody {
  public:
    explicit Somebody(std::string identity = "Acme,One,S1,1.0") : identity_(std::move(identity)) {}

    void be(std::string identity) {
        const std::lock_guard lock(mutex_);
        identity_ = std::move(identity);
    }
    void report(std::string error) {
        const std::lock_guard lock(mutex_);
        errors_.push_back(std::move(error));
    }
    std::atomic<bool> late = false;
    test::LineServer server{[this](const std::string& line) { return answer(line); }};

    [[nodiscard]] InstrumentSettings settings() const {
        InstrumentSettings settings;
        settings.name = "awg";
        settings.kind = "generator";
        settings.address = server.address();
        return settings;
    }

  private:
    std::string answer(const std::string& line) {
        const std::lock_guard lock(mutex_);
        if (line == "*IDN?") {
            return identity_ + "\n";
        }
        if (line == "SYST:ERR?") {
            if (errors_.empty()) {
                return "0,\"No error\"\n";
            }
            const std::string error = errors_.front();
            errors_.erase(errors_.begin());
            return error + "\n";
        }
        if (line == "late?") {
            return late ? "" : "in time\n";
        }
        return line.ends_with('?') ? line.substr(0, line.size() - 1) + "\n" : "";
    }

    std::mutex mutex_;
    std::string identity_;
    std::vector<std::string> errors_;
};

struct Fixture {
    test::TempDir folder;
    SystemClock clock;
    Somebody somebody;

    [[nodiscard]] std::unique_ptr<ScpiSession> session(InstrumentSettings settings) const {
        return std::make_unique<ScpiSession>(std::move(settings), folder.path(), clock);
    }
};

} // namespace

TEST_CASE("a session connects when it is needed, and knows whom it talks to") {
    Fixture f;
    const auto session = f.session(f.somebody.settings());
    REQUIRE_FALSE(session->status().connected);
    REQUIRE(session->ask("1.5?", {}) == "1.5");
    REQUIRE(session->ask_number("2.5e3?", {}) == 2500.0);
    const InstrumentStatus status = session->status();
    REQUIRE(status.connected);
    REQUIRE(status.identity.in_words() == "Acme One, serial S1");
    REQUIRE(session->life() == 1);
    REQUIRE(f.somebody.server.lines().at(0) == "*CLS");
    REQUIRE(code_of([&] { static_cast<void>(session->ask_number("word?", {})); }) ==
            Code::data_loss);
}

TEST_CASE("an instrument that is late is unavailable, and the session goes on in step") {
    Fixture f;
    ManualClock clock;
    const auto session =
        std::make_unique<ScpiSession>(f.somebody.settings(), f.folder.path(), clock);
    session->open({});
    f.somebody.late = true;
    std::string error;
    std::thread asking([&] {
        try {
            static_cast<void>(session->ask("late?", {}));
        } catch (const Error& thrown) {
            error = thrown.what();
        }
    });
    test::await([&] { return f.somebody.server.lines().back() == "late?"; });
    clock.advance(session->settings().timeout);
    asking.join();
    REQUIRE_THAT(error, Catch::Contains("awg") && Catch::Contains("timeout"));
    f.somebody.late = false;
    REQUIRE(session->ask("1?", {}) == "1");
    REQUIRE(session->life() == 2);
    REQUIRE(session->status().reconnects == 1);
    REQUIRE(f.somebody.server.connections() == 2);
}

TEST_CASE("the caller's own deadline is told from the instrument's") {
    Fixture f;
    const auto session = f.session(f.somebody.settings());
    session->open({});
    f.somebody.late = true;
    REQUIRE(code_of([&] {
                static_cast<void>(
                    session->ask("late?", {.deadline = Deadline::after(f.clock, 5ms), .stop = {}}));
            }) == Code::deadline_exceeded);
    REQUIRE(code_of([&] {
                static_cast<void>(
                    session->ask("1?", {.deadline = Deadline::after(f.clock, -1ms), .stop = {}}));
            }) == Code::deadline_exceeded);
}

TEST_CASE("an answer that nobody waited for is not taken for a later one") {
    Fixture f;
    const auto session = f.session(f.somebody.settings());
    session->tell("first?", {});
    session->doubt();
    REQUIRE(session->ask("second?", {}) == "second");
}

TEST_CASE("another instrument than the one that should be there is refused") {
    Fixture f;
    InstrumentSettings settings = f.somebody.settings();
    SECTION("by its serial number") {
        settings.serial = "S2";
        const auto session = f.session(settings);
        REQUIRE_THROWS_WITH(session->open({}),
                            Catch::Contains("serial S1") && Catch::Contains("'S2'"));
        REQUIRE_FALSE(session->status().connected);
        REQUIRE(session->status().reason.find("S2") != std::string::npos);
    }
    SECTION("as it is virtual, or is not") {
        settings.is_virtual = true;
        REQUIRE_THROWS_WITH(f.session(settings)->open({}), Catch::Contains("virtual = true"));
        settings.is_virtual = false;
        f.somebody.be("Acme,One,PHYLLSIM-1,1.0");
        REQUIRE_THROWS_WITH(f.session(settings)->open({}), Catch::Contains("virtual = false"));
    }
    SECTION("as it has changed meanwhile") {
        const auto session = f.session(settings);
        session->open({});
        f.somebody.be("Acme,One,S2,1.0");
        f.somebody.server.drop();
        REQUIRE(code_of([&] { static_cast<void>(session->ask("1?", {})); }) == Code::unavailable);
        REQUIRE_THROWS_WITH(session->ask("1?", {}),
                            Catch::Contains("serial S1") && Catch::Contains("serial S2"));
        f.somebody.be("Acme,One,S1,2.0"); // new firmware
        REQUIRE(session->ask("1?", {}) == "1");
    }
    SECTION("as it is no instrument") {
        f.somebody.be("hello");
        REQUIRE_THROWS_WITH(f.session(settings)->open({}),
                            Catch::Contains("'hello' is no answer to *IDN?"));
    }
}

TEST_CASE("what an instrument reports of errors is said in its words") {
    Fixture f;
    const auto session = f.session(f.somebody.settings());
    REQUIRE_NOTHROW(session->check_errors(queue, {}));
    f.somebody.report("-222,\"Data out of range\"");
    f.somebody.report("-113,\"Undefined header\"");
    REQUIRE_THROWS_WITH(session->check_errors(queue, {}), Catch::Contains("Data out of range") &&
                                                              Catch::Contains("Undefined header"));
    REQUIRE_NOTHROW(session->check_errors(queue, {}));
    for (int i = 0; i < 100; ++i) { // more than anybody reads
        f.somebody.report("-350,\"Queue overflow\"");
    }
    REQUIRE_THROWS_AS(session->check_errors(queue, {}), Error);
}

TEST_CASE("nobody else drives an instrument that somebody drives, at whatever address") {
    Fixture f;
    const auto first = f.session(f.somebody.settings());
    first->open({});
    Somebody same; // the same instrument at another address
    const auto second = f.session(same.settings());
    REQUIRE_THROWS_WITH(second->open({}), Catch::Contains("is driven by process"));
    REQUIRE(code_of([&] { f.session(f.somebody.settings())->open({}); }) ==
            Code::failed_precondition);
    first->shut();
    REQUIRE(code_of([&] { first->tell("OUTP ON", {}); }) == Code::unavailable);
    REQUIRE(code_of([&] { static_cast<void>(first->ask("1?", {})); }) == Code::unavailable);
    REQUIRE(second->ask("1?", {}) == "1");
    REQUIRE(f.session(f.somebody.settings())->settings().name == "awg");
}

TEST_CASE("identities are read") {
    const Identity identity = parse_identity(" Keysight Technologies , 33512B,MY1, 5.0,3 \n");
    REQUIRE(identity.maker == "Keysight Technologies");
    REQUIRE(identity.model == "33512B");
    REQUIRE(identity.serial == "MY1");
    REQUIRE(identity.firmware == "5.0,3");
    REQUIRE_FALSE(identity.is_virtual());
    REQUIRE(parse_identity("a,b,PHYLLSIM-3,d").is_virtual());
    REQUIRE(code_of([] { static_cast<void>(parse_identity("a,b,c")); }) == Code::data_loss);
}
