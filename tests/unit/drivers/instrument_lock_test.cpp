#include "drivers/core/error.hpp"
#include "drivers/instruments/instrument_lock.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <unistd.h>

using namespace phyll;
using instruments::InstrumentLock;

TEST_CASE("an instrument is driven by one at a time, and who it is is known") {
    const test::TempDir folder;
    const std::string key = "Keysight Technologies,33512B,MY/1";
    REQUIRE_FALSE(instruments::holder_of(folder.path(), key));
    std::optional<InstrumentLock> first(std::in_place, folder.path(), key);
    REQUIRE_NOTHROW(InstrumentLock(folder.path(), "another"));
    const auto holder = instruments::holder_of(folder.path(), key);
    REQUIRE(holder);
    REQUIRE(holder->process == ::getpid());
    REQUIRE(holder->command.find("unit_drivers") != std::string::npos);
    try {
        const InstrumentLock second(folder.path(), key);
        FAIL("was taken twice");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::failed_precondition);
        REQUIRE(std::string(error.what()).find(std::to_string(::getpid())) != std::string::npos);
    }
    first.reset();
    REQUIRE_FALSE(instruments::holder_of(folder.path(), key));
    REQUIRE_NOTHROW(InstrumentLock(folder.path(), key));
}

TEST_CASE("the folder of the locks is made where it is missing, and named where it cannot be") {
    const test::TempDir folder;
    REQUIRE_NOTHROW(InstrumentLock(folder.path() / "locks", "key"));
    REQUIRE_THROWS_WITH(InstrumentLock(folder.path() / "no" / "locks", "key"),
                        Catch::Contains("lock_dir") && Catch::Contains("no/locks"));
}
