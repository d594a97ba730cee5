// The vector that fixes the layout of every block in memory and on the wire: each sample's values
// consecutive. numpy's C order of shape (samples, channels); Eigen's column-major channels x
// samples.
#include "sim/rigs/echo/echo.pb.h"
#include "tests/unit/sim/support.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace phyll;

TEST_CASE("blocks are laid out sample by sample") {
    sim::v1::EchoOptions options;
    options.set_width(3);
    Workers workers(1);
    const auto echo = test::kind_named("echo").make(options, {.workers = &workers});
    const std::array<float, 6> x{0.00F, 0.01F, 0.02F,  // sample 0, channels 0 to 2
                                 0.10F, 0.11F, 0.12F}; // sample 1
    std::array<float, 6> y{};
    echo->query(ConstBlock(x.data(), 3, 2), Block(y.data(), 3, 2), {});
    REQUIRE(y == x);
    REQUIRE(ConstBlock(x.data(), 3, 2).sample(1)[2] == 0.12F);

    // The second sample alone is the second half of memory.
    std::array<float, 3> second{};
    echo->query(ConstBlock(x.data(), 3, 2).slice(1, 1), Block(second.data(), 3, 1), {});
    REQUIRE(second == std::array{0.10F, 0.11F, 0.12F});
}
