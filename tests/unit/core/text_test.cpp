#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <catch2/catch.hpp>

using phyll::in_quotes;
using phyll::utf8;

TEST_CASE("text that is UTF-8 stays as it is") {
    for (const char* text : {"", "plain",
                             "25 \xC2\xB0"
                             "C",
                             "\xCE\xB8 \xE2\x82\xAC \xF0\x9F\x94\x8A", "\xED\x9F\xBF\xEE\x80\x80",
                             "\xF4\x8F\xBF\xBF"}) {
        REQUIRE(utf8(text) == text);
    }
}

TEST_CASE("bytes that belong to no character are replaced one by one, and nothing else is") {
    const std::string bad = "\xEF\xBF\xBD";
    REQUIRE(utf8("25 \xB0"
                 "C") == "25 " + bad + "C"); // Latin-1
    REQUIRE(utf8("\x80\xFF") == bad + bad);
    REQUIRE(utf8("a\xE2\x82") == "a" + bad + bad);              // cut off
    REQUIRE(utf8("\xC0\xAF") == bad + bad);                     // overlong
    REQUIRE(utf8("\xE0\x80\xAF") == bad + bad + bad);           // overlong
    REQUIRE(utf8("\xF0\x80\x80\xAF") == bad + bad + bad + bad); // overlong
    REQUIRE(utf8("\xED\xA0\x80") == bad + bad + bad);           // surrogate
    REQUIRE(utf8("\xF4\x90\x80\x80") == bad + bad + bad + bad); // beyond U+10FFFF
    REQUIRE(utf8("\xF8\x88\x80\x80\x80") == bad + bad + bad + bad + bad);
}

TEST_CASE("a quotation is one line of bounded length that ends between characters") {
    REQUIRE(in_quotes("a\nb") == "'a?b'");
    REQUIRE(in_quotes("\xB5m") == "'\xEF\xBF\xBDm'");
    const std::string start(79, 'x');
    REQUIRE(in_quotes(start + "\xC2\xB5 and more") == "'" + start + "...'");
}

TEST_CASE("what an error says is UTF-8, whatever it quotes") {
    const phyll::Error error = phyll::invalid_field("data.\xB5", "\"\xB0"
                                                                 "C\" is no number");
    REQUIRE(std::string(error.what()) == utf8(error.what()));
    REQUIRE(error.violations()[0].field == utf8("data.\xB5"));
    REQUIRE(error.violations()[0].description == utf8("\"\xB0"
                                                      "C\" is no number"));
}
