#include "clients/cli/lease_token.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace phyll;

TEST_CASE("a token of a lease goes through its hexadecimal digits and back") {
    std::string token;
    for (int i = 0; i < 16; ++i) {
        token.push_back(static_cast<char>(i * 17));
    }
    const std::string text = cli::token_in_hex(token);
    REQUIRE(text == "00112233445566778899aabbccddeeff");
    REQUIRE(cli::token_from_hex(text) == token);
}

TEST_CASE("what is no token of a lease is refused with what would be one") {
    for (const std::string& text : {std::string(), std::string("00"), std::string(31, 'a'),
                                    std::string(33, 'a'), std::string(30, 'a') + "0x"}) {
        REQUIRE_THROWS_WITH(cli::token_from_hex(text),
                            Catch::Contains("valid are the 32 hexadecimal digits"));
    }
}
