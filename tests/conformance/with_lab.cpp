#include "tests/conformance/with_lab.hpp"

#include <catch2/catch.hpp>

namespace phyll::conformance {

WithLab::~WithLab() {
    REQUIRE_FALSE(lab->output_on());
}

} // namespace phyll::conformance
