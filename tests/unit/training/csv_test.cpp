#include "daemon/training/data/csv.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace phyll;
using namespace phyll::training;
using Catch::Matchers::Contains;

namespace {

const std::vector<std::string> nothing_ignored;

DataSet parse(const std::string& text, const std::vector<std::string>& ignored = nothing_ignored) {
    return parse_csv(text, "lab.csv", "vowel", ignored);
}

/// The message of the error that parsing `text` throws, whose code must be `code`.
std::string complaint(Code code, const std::string& text,
                      const std::vector<std::string>& ignored = nothing_ignored) {
    try {
        static_cast<void>(parse(text, ignored));
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return error.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("a table becomes features, sorted classes and labels") {
    const DataSet data = parse("who,F1,vowel,F2\n"
                               "w1,600.5,iy,2e3\n"
                               "w2,-700,ae,1000\n"
                               "w3, 650 ,ae, 0.25\n"
                               "w4,1,iy,2\n",
                               {"who"});
    CHECK(data.name == "lab.csv");
    CHECK(data.feature_names == std::vector<std::string>{"F1", "F2"});
    CHECK(data.class_names == std::vector<std::string>{"ae", "iy"});
    CHECK(data.labels == std::vector<std::uint32_t>{1, 0, 0, 1});
    CHECK(data.label_entries == 2);
    REQUIRE(data.samples() == 4);
    CHECK(data.inputs.sample(0)[0] == 600.5F);
    CHECK(data.inputs.sample(0)[1] == 2000.0F);
    CHECK(data.inputs.sample(1)[0] == -700.0F);
    CHECK(data.inputs.sample(2)[1] == 0.25F);
}

TEST_CASE("byte order mark, Windows line ends, blank lines, quotes and no last line end are fine") {
    const DataSet plain = parse("F1,vowel\n1,a\n2,a\n3,b\n4,b\n");
    const DataSet other = parse("\xEF\xBB\xBF"
                                "F1,\"vowel\"\r\n1,a\r\n\r\n\"2\",a\r\n3,b\r\n4,\"b\"");
    CHECK(other.class_names == plain.class_names);
    CHECK(other.labels == plain.labels);
    for (std::size_t i = 0; i < plain.samples(); ++i) {
        CHECK(other.inputs.sample(i)[0] == plain.inputs.sample(i)[0]);
    }
}

TEST_CASE("what is wrong with a table is said with file, line and column") {
    constexpr Code invalid = Code::invalid_argument;
    CHECK_THAT(complaint(invalid, ""), Contains("lab.csv is empty"));
    CHECK_THAT(complaint(invalid, "\xEF\xBB\xBF"), Contains("lab.csv is empty"));
    CHECK_THAT(complaint(invalid, "F1,vowel\n"), Contains("no rows"));
    CHECK_THAT(complaint(invalid, "F1,vowel\n1,a\n2\n"),
               Contains("lab.csv, line 3") && Contains("1 columns") && Contains("header has 2"));
    CHECK_THAT(complaint(invalid, "F1,vowel\n1,a\n2,a,3\n"), Contains("line 3"));
    CHECK_THAT(complaint(invalid, "F1,vowel\n1,a\nhigh,a\n"),
               Contains("lab.csv, line 3, column F1") && Contains("'high'") && Contains("1234.5"));
    CHECK_THAT(complaint(invalid, "F1,vowel\n1,a\n,a\n"), Contains("the cell is empty"));
    CHECK_THAT(complaint(invalid, "F1,vowel\n1,\n"), Contains("line 2, column vowel"));
    CHECK_THAT(complaint(invalid, "F1,F1,vowel\n1,2,a\n"), Contains("two columns"));
    CHECK_THAT(complaint(invalid, "vowel\na\n"), Contains("no column is left"));
    CHECK_THAT(complaint(invalid, "F1,vowel\n1,a\n2,\"b\"c\n"), Contains("line 3"));
    CHECK_THAT(complaint(invalid, "F1,vowel\n1,a\n2,\"b\n"), Contains("double quotes"));
}

TEST_CASE("numbers that are not finite or not whole cells are refused") {
    for (const char* cell :
         {"nan", "inf", "-inf", "1e39", "1e999", "12 Hz", "0x10", "1;5", "--1"}) {
        const std::string text = "F1,vowel\n1,a\n2,a\n" + std::string(cell) + ",b\n4,b\n";
        CHECK_THAT(complaint(Code::invalid_argument, text),
                   Contains("line 4, column F1") && Contains(cell));
    }
}

TEST_CASE("lines are counted as an editor counts them") {
    // Blank lines, a line end inside quotes, and every kind of line end.
    CHECK_THAT(complaint(Code::invalid_argument, "F1,vowel\n\n\n1,a\nx,a\n"), Contains("line 5"));
    CHECK_THAT(complaint(Code::invalid_argument, "F1,vowel\r\n\r\n1,a\r\nx,a\r\n"),
               Contains("line 4"));
    CHECK_THAT(complaint(Code::invalid_argument, "F1,vowel\n1,\"a\nb\"\nx,a\n"),
               Contains("line 4"));
}

TEST_CASE("columns that are not there are named with those that are") {
    const std::string text = "F1,kind\n1,a\n2,b\n";
    CHECK_THAT(complaint(Code::not_found, text), Contains("'vowel'") && Contains("F1, kind"));
    try {
        static_cast<void>(parse("F1,vowel\n1,a\n2,a\n", {"F1", "speaker"}));
        FAIL("accepted");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::not_found);
        REQUIRE(error.violations().size() == 1);
        CHECK(error.violations().front().field == "data.ignore[1]");
    }
}

TEST_CASE("a class needs two samples, and a table two classes") {
    CHECK_THAT(complaint(Code::invalid_argument, "F1,vowel\n1,a\n2,a\n3,b\n"),
               Contains("line 4") && Contains("'b'") && Contains("only one sample"));
    CHECK_THAT(complaint(Code::invalid_argument, "F1,vowel\n1,a\n2,a\n"),
               Contains("'a'") && Contains("two classes"));
}
