#include "daemon/runs/state_dir.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <unistd.h>

using namespace phyll;
using runs::StateDir;
using test::TempDir;

TEST_CASE("a state directory is made where it is missing and held by one process") {
    const TempDir dir;
    const auto path = dir.path() / "a" / "b";
    {
        const StateDir state(path);
        try {
            const StateDir second(path);
            FAIL("it is held");
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::unavailable);
            REQUIRE(std::string(error.what()).find("process " + std::to_string(::getpid())) !=
                    std::string::npos);
        }
    }
    REQUIRE_NOTHROW(StateDir(path));
}

TEST_CASE("a state directory that cannot be made says which") {
    const TempDir dir;
    std::ofstream(dir.path() / "file") << "in the way";
    REQUIRE_THROWS_AS(StateDir(dir.path() / "file" / "state"), Error);
}

TEST_CASE("the folder of a run goes with all that is in it, and may be gone already") {
    const TempDir dir;
    const StateDir state(dir.path());
    std::ofstream(state.run(7) / "journal") << "facts";
    std::filesystem::create_directory(state.run(7) / "inner");
    static_cast<void>(state.run(8));
    state.remove_run(7);
    REQUIRE_FALSE(std::filesystem::exists(dir.path() / "runs" / "7"));
    REQUIRE(std::filesystem::exists(dir.path() / "runs" / "8"));
    REQUIRE_NOTHROW(state.remove_run(7));
}

TEST_CASE("a file is replaced as a whole") {
    const TempDir dir;
    const auto file = dir.path() / "f";
    runs::write_file(file, "first, and longer");
    runs::write_file(file, "second");
    std::ifstream in(file);
    REQUIRE(std::string(std::istreambuf_iterator<char>(in), {}) == "second");
    REQUIRE_FALSE(std::filesystem::exists(dir.path() / "f.new"));
    REQUIRE_THROWS_AS(runs::write_file(dir.path() / "no" / "f", "x"), Error);
}
