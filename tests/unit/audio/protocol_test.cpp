// What phylld and phyllaudio say to each other.
#include "drivers/audio/protocol.hpp"
#include "drivers/core/error.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>

using namespace phyll;
using namespace phyll::audio;

namespace {

std::vector<std::byte> bytes_of(const std::string& text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

} // namespace

TEST_CASE("what is said of a sound card is understood") {
    const Description card{.rate = 48'000,
                           .outputs = 4,
                           .inputs = 2,
                           .most_frames = 960'000,
                           .maker = "ALSA",
                           .model = "USB Audio: - (hw:1,0)",
                           .serial = "",
                           .version = "0.1.0"};
    CHECK(description_from(bytes_of(to_content(card))) == card);
    Description broken = card;
    broken.model = "two\nlines";
    CHECK(description_from(bytes_of(to_content(broken))).model == "two lines");
    for (const char* nonsense :
         {"", "48000", "0 4 2 9\na\nb\nc\nd\n", "48000 0 2 9\na\nb\nc\nd\n",
          "48000 4 300 9\na\nb\nc\nd\n", "48000 4 2 9 7\na\nb\nc\nd\n", "x 4 2 9\na\nb\nc\nd\n"}) {
        CAPTURE(nonsense);
        CHECK_THROWS_AS(description_from(bytes_of(nonsense)), Error);
    }
}

TEST_CASE("limits, blocks, numbers and records come out as they went in") {
    const Limits limits{.peak = 0.5, .rms = 0.25, .duty = 0.75};
    CHECK(limits_from(to_content(limits)) == limits);
    const std::vector<float> samples{0.0F, 0.5F, -1.0F, 0.25F};
    const Block block = block_from(to_content(samples, 77));
    CHECK(block.samples == samples);
    CHECK(block.longer == 77);
    CHECK(number_from(to_content(std::uint32_t{4'000'000'000})) == 4'000'000'000U);
    const Record record{.position = std::uint64_t{1} << 40U, .lost = true, .samples = samples};
    CHECK(record_from(to_content(record)) == record);
}

TEST_CASE("contents that are cut off or too long are none") {
    const std::vector<float> samples(3, 0.5F);
    const auto refused = [](std::vector<std::byte> content, auto read) {
        content.pop_back();
        CHECK_THROWS_AS(read(content), Error);
        content.resize(content.size() + 2);
        CHECK_THROWS_AS(read(content), Error);
        CHECK_THROWS_AS(read(std::vector<std::byte>()), Error);
    };
    refused(to_content(Limits{}), [](const auto& c) { return limits_from(c); });
    refused(to_content(samples, 1), [](const auto& c) { return block_from(c); });
    refused(to_content(std::uint32_t{1}), [](const auto& c) { return number_from(c); });
    refused(to_content(Record{.position = 1, .lost = false, .samples = samples}),
            [](const auto& c) { return record_from(c); });
}

TEST_CASE("no bytes make the reader of a message fail otherwise than by an Error") {
    std::mt19937 random(1);
    for (int round = 0; round < 2'000; ++round) {
        std::vector<std::byte> received = encode(framing, Kind::play, 3, to_content({}, 5));
        const std::size_t place = random() % received.size();
        received[place] = static_cast<std::byte>(random());
        received.resize(random() % (received.size() + 8));
        try {
            if (const auto message = take_message(framing, received)) {
                static_cast<void>(block_from(message->content));
            }
        } catch (const Error& error) {
            CHECK(error.code() == Code::data_loss);
        }
    }
}
