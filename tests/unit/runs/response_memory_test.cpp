#include "daemon/runs/measuring/response_memory.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using runs::hash_stimulus;
using runs::ResponseMemory;

namespace {

LayerSpec spec_with_levels(unsigned levels) {
    LayerSpec spec;
    spec.inputs.assign(2, {.name = "in", .unit = "V", .at_zero = 0, .at_one = 1, .levels = levels});
    return spec;
}

} // namespace

TEST_CASE("a continuous device tells apart whatever differs by a bit") {
    const LayerSpec spec = spec_with_levels(0);
    const std::vector<float> a{0.5F, 0.25F};
    const std::vector<float> b{0.5F, std::nextafter(0.25F, 1.0F)};
    REQUIRE(hash_stimulus(spec, a) == hash_stimulus(spec, a));
    REQUIRE_FALSE(hash_stimulus(spec, a) == hash_stimulus(spec, b));
    REQUIRE(hash_stimulus(spec, std::vector<float>{0.0F, 1.0F}) ==
            hash_stimulus(spec, std::vector<float>{-0.0F, 1.0F}));
}

TEST_CASE("a device of few levels does not tell apart what it cannot resolve") {
    const LayerSpec spec = spec_with_levels(5);
    REQUIRE(hash_stimulus(spec, std::vector<float>{0.5F, 0.26F}) ==
            hash_stimulus(spec, std::vector<float>{0.51F, 0.24F}));
    REQUIRE_FALSE(hash_stimulus(spec, std::vector<float>{0.5F, 0.25F}) ==
                  hash_stimulus(spec, std::vector<float>{0.5F, 0.5F}));
    REQUIRE_FALSE(hash_stimulus(spec, std::vector<float>{0.5F, 0.25F}) ==
                  hash_stimulus(spec, std::vector<float>{0.25F, 0.5F}));
}

TEST_CASE("responses are kept in the rig's format, or not at all") {
    const LayerSpec spec = spec_with_levels(0);
    ResponseMemory memory(2, {.kind = StorageFormat::Kind::u8, .scale = 0.5});
    const auto hash = hash_stimulus(spec, std::vector<float>{0.1F, 0.2F});
    REQUIRE_THROWS_AS(memory.add(hash, std::vector<float>{1.0F, 0.3F}), Error);
    REQUIRE_FALSE(memory.find(hash));
    memory.add(hash, std::vector<float>{1.0F, 127.5F});
    std::vector<float> found(2);
    memory.read(memory.find(hash).value(), found);
    REQUIRE(found == std::vector<float>{1.0F, 127.5F});
}

TEST_CASE("what was measured is found again") {
    const LayerSpec spec = spec_with_levels(0);
    ResponseMemory memory(3);
    const auto hash = hash_stimulus(spec, std::vector<float>{0.1F, 0.2F});
    REQUIRE_FALSE(memory.find(hash));
    const std::vector<float> first{1, 2, 3};
    const std::vector<float> second{4, 5, 6};
    memory.add(hash, first);
    memory.add(hash_stimulus(spec, std::vector<float>{0.3F, 0.2F}), second);
    REQUIRE(memory.size() == 2);
    std::vector<float> found(3);
    memory.read(memory.find(hash).value(), found);
    REQUIRE(found == first);
}
