#include "daemon/config/nearest.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using phyll::config::nearest;

TEST_CASE("one edit for every three characters is near") {
    const std::vector<std::string> keys{"epochs", "batch", "learning_rate", "kind"};
    const auto meant = [&](const std::string& given) {
        const std::string* found = nearest(given, keys);
        return found == nullptr ? "" : *found;
    };
    REQUIRE(meant("epoch") == "epochs");
    REQUIRE(meant("epohcs") == "epochs"); // a swap is one edit
    REQUIRE(meant("bacth") == "batch");
    REQUIRE(meant("learn_rate") == "learning_rate");
    REQUIRE(meant("knd") == "kind");
    REQUIRE(meant("colour").empty());
    REQUIRE(meant("").empty());
    REQUIRE(meant(std::string(100000, 'e')).empty());
}

TEST_CASE("of several near choices the nearest is taken, the first of equal ones") {
    const std::vector<std::string> keys{"training_samples", "training_sample", "test"};
    REQUIRE(*nearest("training_sampl", keys) == "training_sample");
    const std::vector<std::string> equal{"cat", "car"};
    REQUIRE(*nearest("caz", equal) == "cat");
}

TEST_CASE("a wrong choice is answered with all of them") {
    const std::vector<std::string> choices{"on", "off"};
    REQUIRE(phyll::config::no_such_choice("of", choices) ==
            "'of'; valid is 'on', 'off'; did you mean 'on'?");
    REQUIRE(phyll::config::no_such_choice("maybe", choices) == "'maybe'; valid is 'on', 'off'");
}
