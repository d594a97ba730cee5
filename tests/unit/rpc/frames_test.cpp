#include "daemon/rpc/content.hpp"
#include "daemon/rpc/frames.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>

#include <cstring>

using namespace phyll;
using rpc::Frames;

namespace {

Frames frames_of(const std::vector<std::string>& parts) {
    Frames frames;
    for (const std::string& part : parts) {
        frames.emplace_back(part);
    }
    return frames;
}

} // namespace

TEST_CASE("a request is taken apart into its header and the rest") {
    v1::Header header;
    header.set_kind(v1::REQUEST);
    header.set_id(7);
    Frames frames;
    frames.push_back(rpc::serialise(header));
    frames.emplace_back(std::string("body"));
    frames.emplace_back(std::string("payload"));
    const auto incoming = rpc::parse(std::move(frames));
    REQUIRE(incoming);
    REQUIRE(incoming->header.id() == 7);
    REQUIRE(incoming->rest.size() == 2);
    REQUIRE(incoming->rest[1].to_string() == "payload");
}

TEST_CASE("what has no header of a known shape is nothing") {
    REQUIRE_FALSE(rpc::parse({}));
    REQUIRE_FALSE(rpc::parse(frames_of({""})));
    REQUIRE_FALSE(rpc::parse(frames_of({"GET / HTTP/1.1\r\n\r\n"})));
    REQUIRE_FALSE(rpc::parse(frames_of({"\xff\xff\xff\xff"})));
}

TEST_CASE("a first frame that is too large is no header, whatever it holds") {
    v1::Header header;
    header.set_kind(v1::REQUEST);
    header.set_method(std::string(60'000, 'm'));
    REQUIRE(rpc::parse(frames_of({header.SerializeAsString()})));
    header.set_method(std::string(rpc::largest_header, 'm'));
    REQUIRE_FALSE(rpc::parse(frames_of({header.SerializeAsString()})));
}

TEST_CASE("a body that is too large is refused before it is read") {
    Frames frames;
    frames.emplace_back(rpc::largest_body + 1);
    const rpc::Content content("phyll.v1.Runs/Submit", std::move(frames));
    v1::Status body;
    REQUIRE_THROWS_WITH(content.read_body(body),
                        Catch::Contains("68157441 bytes") && Catch::Contains("65 MiB"));
}

TEST_CASE("random bytes are never mistaken and never harm") {
    const KeyedRandom random(1, "garbage");
    for (std::uint64_t i = 0; i < 2000; ++i) {
        std::string bytes(random.below(64, i), '\0');
        for (std::size_t k = 0; k < bytes.size(); ++k) {
            bytes[k] = static_cast<char>(random.bits(i, k + 1));
        }
        const auto incoming = rpc::parse(frames_of({bytes, bytes}));
        REQUIRE((!incoming || incoming->header.kind() != v1::KIND_UNSPECIFIED));
    }
}

TEST_CASE("a block goes over the wire and back, bit for bit") {
    OwnedBlock block(3, 2);
    for (std::size_t k = 0; k < 6; ++k) {
        block.view().values()[k] = static_cast<float>(k) / 3.0F;
    }
    v1::Block description;
    zmq::message_t frame = rpc::give_block(std::as_const(block).view(), description);
    REQUIRE(description.channels() == 3);
    REQUIRE(description.samples() == 2);
    const HeldBlock back = rpc::take_block(description, std::move(frame), "stimuli");
    REQUIRE(std::memcmp(back.view().data(), block.view().data(), 6 * sizeof(float)) == 0);
}

TEST_CASE("a block that is given away is not copied") {
    OwnedBlock block(3, 2);
    block.sample(1)[2] = 0.75F;
    const float* values = std::as_const(block).view().data();
    v1::Block description;
    const zmq::message_t frame = rpc::give_block(std::move(block), description);
    REQUIRE(frame.data() == values);
    REQUIRE(frame.size() == 6 * sizeof(float));
    REQUIRE(description.channels() == 3);
    REQUIRE(description.samples() == 2);
}

TEST_CASE("a large payload is not copied, unless it is not aligned") {
    struct Memory {
        std::vector<float> values = std::vector<float>(10'000, 0.25F);
        bool freed = false;
    } memory;
    const auto frame_at = [&](std::size_t offset, std::size_t values) {
        return zmq::message_t(
            reinterpret_cast<std::byte*>(memory.values.data()) + offset, values * sizeof(float),
            [](void*, void* hint) { static_cast<Memory*>(hint)->freed = true; }, &memory);
    };
    v1::Block description;
    description.set_channels(1);
    description.set_samples(8000);
    {
        const HeldBlock large = rpc::take_block(description, frame_at(4, 8000), "stimuli");
        REQUIRE(large.view().data() == memory.values.data() + 1);
        REQUIRE(large.samples() == 8000);
        REQUIRE_FALSE(memory.freed);
    }
    REQUIRE(memory.freed);
    memory.freed = false;
    const HeldBlock odd = rpc::take_block(description, frame_at(2, 8000), "stimuli");
    REQUIRE(memory.freed);
    description.set_samples(8);
    memory.freed = false;
    const HeldBlock small = rpc::take_block(description, frame_at(0, 8), "stimuli");
    REQUIRE(memory.freed);
    REQUIRE(small.view().sample(7)[0] == 0.25F);
}

TEST_CASE("a payload of another size than described is refused with both sizes") {
    v1::Block description;
    description.set_channels(3);
    description.set_samples(2);
    REQUIRE_THROWS_WITH(rpc::take_block(description, zmq::message_t(23), "stimuli"),
                        "stimuli: the payload has 23 bytes, but 2 samples of 3 float32 have 24");
    REQUIRE_THROWS_WITH(rpc::take_block(description, zmq::message_t(25), "stimuli"),
                        "stimuli: the payload has 25 bytes, but 2 samples of 3 float32 have 24");
}

TEST_CASE("a description of more than fits in a frame, or of nothing, is refused") {
    v1::Block description;
    const auto refusal = [&](std::uint32_t channels, std::uint32_t samples) {
        description.set_channels(channels);
        description.set_samples(samples);
        try {
            static_cast<void>(rpc::take_block(description, zmq::message_t(), "stimuli"));
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::invalid_argument);
            return std::string(error.what());
        }
        return std::string("taken");
    };
    REQUIRE(refusal(0xffffffff, 0xffffffff).find("more than the 256 MiB") != std::string::npos);
    // The number of bytes is 2^64, which is 0 in 64 bits: as many as the frame has.
    REQUIRE(refusal(0x80000000, 0x80000000).find("more than the 256 MiB") != std::string::npos);
    REQUIRE(refusal(0, 4'000'000'000).find("at least one sample") != std::string::npos);
    REQUIRE(refusal(3, 0).find("at least one sample") != std::string::npos);
}
