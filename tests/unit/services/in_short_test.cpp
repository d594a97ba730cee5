#include "daemon/rpc/services/in_short.hpp"
#include "drivers/core/text.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/admin.pb.h>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

#include <string>

using namespace phyll;
using rpc::in_short;

TEST_CASE("a request in short is what was set in it, but for tokens") {
    REQUIRE(in_short(v1::StopRequest()).empty());
    v1::StopRequest stop;
    stop.set_all(true);
    stop.set_note("smoke\nand fire");
    REQUIRE(in_short(stop) == "all yes, note smoke and fire");
    v1::LeaseRequest lease;
    lease.set_token("secret");
    REQUIRE(in_short(lease).empty());
    v1::TakeLeaseRequest take;
    take.add_rigs("cavity");
    take.add_rigs("echo");
    take.set_time_to_live(2.5);
    REQUIRE(in_short(take) == "rigs cavity echo, time_to_live 2.5");
    v1::AddKeyRequest add;
    add.mutable_key()->set_name("anna");
    add.mutable_key()->set_role(v1::ROLE_VIEWER);
    REQUIRE(in_short(add) == "name anna, role ROLE_VIEWER");
}

TEST_CASE("a request in short is one line of bounded length, whatever it holds") {
    v1::StopRequest stop;
    std::string note;
    for (int i = 0; i < 500; ++i) {
        note += "\u00e4\t"; // two bytes and a control character
    }
    stop.set_note(note);
    const std::string text = in_short(stop);
    REQUIRE(text.size() <= 200);
    REQUIRE(text.ends_with("..."));
    REQUIRE(text.find('\t') == std::string::npos);
    // Cut between characters, and not before all of them.
    for (const char* letter : {"\u00e4", "\u65e5", "\U0001F525"}) {
        std::string long_note;
        for (int i = 0; i < 500; ++i) {
            long_note += letter;
        }
        stop.set_note(long_note);
        REQUIRE(in_short(stop).size() > 50);
        REQUIRE(in_short(stop) == utf8(in_short(stop)));
    }
    v1::SubmitRequest submit;
    submit.mutable_file()->set_name("vowels.toml");
    submit.mutable_file()->set_text(std::string(100'000, 'x'));
    REQUIRE(in_short(submit).size() <= 200);
    REQUIRE(in_short(submit).find("vowels.toml") != std::string::npos);
}
