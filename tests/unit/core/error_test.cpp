#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

TEST_CASE("codes carry gRPC's names") {
    REQUIRE(phyll::name_of(phyll::Code::ok) == "OK");
    REQUIRE(phyll::name_of(phyll::Code::deadline_exceeded) == "DEADLINE_EXCEEDED");
    REQUIRE(phyll::name_of(phyll::Code::unauthenticated) == "UNAUTHENTICATED");
    REQUIRE(phyll::name_of(static_cast<phyll::Code>(99)) == "UNKNOWN");
}

TEST_CASE("an error of a part keeps its code and its violations") {
    const phyll::Error error =
        phyll::error_of("rig 'cavity'", phyll::invalid_field("drive", "2; valid is 0 to 1"));
    REQUIRE(error.code() == phyll::Code::invalid_argument);
    REQUIRE(std::string(error.what()) == "rig 'cavity': drive: 2; valid is 0 to 1");
    REQUIRE(error.violations()[0].field == "drive");
}

TEST_CASE("an invalid field names itself in message and violation") {
    const phyll::Error error = phyll::invalid_field("layers[1].width", "0; valid is 1 to 65536");
    REQUIRE(error.code() == phyll::Code::invalid_argument);
    REQUIRE(std::string(error.what()) == "layers[1].width: 0; valid is 1 to 65536");
    REQUIRE(error.violations().size() == 1);
    REQUIRE(error.violations()[0].field == "layers[1].width");
}
