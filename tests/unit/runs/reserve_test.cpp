#include "daemon/runs/reserve.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace phyll;
using runs::Reserve;
using test::TempDir;

TEST_CASE("a reserve takes its room, gives it up once, and takes it again") {
    const TempDir dir;
    const auto file = dir.path() / "reserve";
    Reserve reserve(file);
    REQUIRE(std::filesystem::file_size(file) == Reserve::size);
    reserve.restore(); // it is there
    REQUIRE(reserve.give_up());
    REQUIRE_FALSE(std::filesystem::exists(file));
    REQUIRE_FALSE(reserve.give_up());
    reserve.restore();
    REQUIRE(std::filesystem::file_size(file) == Reserve::size);
    REQUIRE(reserve.give_up());
}

TEST_CASE("a reserve that is there already is used, one that cannot be is refused by name") {
    const TempDir dir;
    const auto file = dir.path() / "reserve";
    std::ofstream(file) << "too small";
    const Reserve reserve(file);
    REQUIRE(std::filesystem::file_size(file) == Reserve::size);
    REQUIRE_THROWS_WITH(Reserve(dir.path() / "no" / "reserve"),
                        Catch::Matchers::Contains((dir.path() / "no" / "reserve").string()));
}
