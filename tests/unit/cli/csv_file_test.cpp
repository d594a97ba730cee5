#include "clients/cli/csv_file.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using cli::csv_field;
using cli::CsvNumbers;
using cli::parse_csv;

TEST_CASE("numbers come sample by sample, with the header if there is one") {
    const CsvNumbers plain = parse_csv("0,1.5\r\n-2e-3,4\r\n", "x.csv");
    REQUIRE(plain.header.empty());
    REQUIRE(plain.columns == 2);
    REQUIRE(plain.samples() == 2);
    REQUIRE(plain.values == std::vector<double>{0, 1.5, -2e-3, 4});
    REQUIRE(plain.sample(1)[1] == 4);
    const CsvNumbers named = parse_csv("\xef\xbb\xbf\"a, b\",c\n1, 2\n", "x.csv");
    REQUIRE(named.header == std::vector<std::string>{"a, b", "c"});
    REQUIRE(named.values == std::vector<double>{1, 2});
}

TEST_CASE("what is no table of numbers is refused with row and column") {
    REQUIRE_THROWS_WITH(parse_csv("", "x.csv"),
                        "x.csv: holds no numbers; one sample per line is expected");
    REQUIRE_THROWS_AS(parse_csv("a,b\n", "x.csv"), Error);
    const auto refused = [](const std::string& text, const std::string& says) {
        REQUIRE_THROWS_WITH(parse_csv(text, "x.csv"), Catch::StartsWith(says));
    };
    refused("1,2\n3,x\n", "x.csv: row 2, column 2: 'x' is no number");
    refused("1,x\n", "x.csv: row 1, column 2: 'x' is no number");
    refused("a,b\n1,2,3\n", "x.csv: row 2 has 3 columns, those before it have 2");
    REQUIRE_THROWS_AS(parse_csv("1,2\n3\n", "x.csv"), Error);
}

TEST_CASE("a field with a comma or a quote is quoted so that it comes back") {
    REQUIRE(csv_field("300 Hz [Pa]") == "300 Hz [Pa]");
    const std::string odd = "a \"b\", c";
    REQUIRE(parse_csv(csv_field(odd) + ",x\n1,2\n", "x.csv").header[0] == odd);
}
