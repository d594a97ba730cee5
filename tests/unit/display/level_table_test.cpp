#include "drivers/core/error.hpp"
#include "drivers/core/temporary_folder.hpp"
#include "drivers/instruments/level_table.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

using namespace phyll;
using namespace phyll::instruments;

namespace {

struct TableFile {
    explicit TableFile(const std::string& text) : path(folder.path() / "table.txt") {
        std::ofstream(path) << text;
    }

    TemporaryFolder folder{"table"};
    std::filesystem::path path;
};

std::string numbers(int count, const std::string& between) {
    std::string text;
    for (int k = 0; k < count; ++k) {
        text += std::to_string(255 - k % 256) + between;
    }
    return text;
}

std::string refusal(const std::string& text) {
    const TableFile file(text);
    try {
        static_cast<void>(read_level_table(file.path));
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        REQUIRE(error.violations().front().field == "look_up_table");
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("a look-up table is 256 numbers, however they are written") {
    const std::string between = GENERATE("\n", ", ", "\r\n", "\t");
    const TableFile file(numbers(256, between));
    const LevelTable table = read_level_table(file.path);
    REQUIRE(table[0] == 255);
    REQUIRE(table[255] == 0);
}

TEST_CASE("without a table levels are themselves") {
    const LevelTable table = straight_table();
    for (std::size_t level = 0; level < table.size(); ++level) {
        REQUIRE(table[level] == level);
    }
}

TEST_CASE("a table that is none is refused by what is wrong with it") {
    using Catch::Matchers::Contains;
    REQUIRE_THAT(refusal(""), Contains("0 numbers; there are 256 levels"));
    REQUIRE_THAT(refusal(numbers(255, " ")), Contains("255 numbers; there are 256 levels"));
    REQUIRE_THAT(refusal(numbers(257, " ")), Contains("more than 256 numbers"));
    REQUIRE_THAT(refusal("1 2 300"), Contains("number 3 is '300'; valid is 0 to 255"));
    REQUIRE_THAT(refusal("1 2.5"), Contains("number 2 is '2.5'"));
    REQUIRE_THROWS_WITH(read_level_table("/nowhere/table"),
                        "look_up_table: '/nowhere/table': cannot be read");
}
