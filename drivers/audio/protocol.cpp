#include "drivers/audio/protocol.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <sstream>

namespace phyll::audio {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint32_t most_channels = 256;

[[noreturn]] void nonsense(const char* what) {
    throw Error(Code::data_loss, fmt::format("the content of a message is no {}", what));
}

template <class Number>
void put(std::vector<std::byte>& content, Number number) {
    const auto bytes = std::as_bytes(std::span(&number, 1));
    content.insert(content.end(), bytes.begin(), bytes.end());
}

void put(std::vector<std::byte>& content, std::span<const float> samples) {
    const auto bytes = std::as_bytes(samples);
    content.insert(content.end(), bytes.begin(), bytes.end());
}

/// Takes numbers from the front.
class Content {
  public:
    Content(std::span<const std::byte> bytes, const char* what) : bytes_(bytes), what_(what) {}

    template <class Number>
    Number take() {
        if (bytes_.size() < sizeof(Number)) {
            nonsense(what_);
        }
        Number number{};
        std::memcpy(&number, bytes_.data(), sizeof number);
        bytes_ = bytes_.subspan(sizeof number);
        return number;
    }
    std::vector<float> samples() {
        if (bytes_.size() % sizeof(float) != 0) {
            nonsense(what_);
        }
        std::vector<float> all(bytes_.size() / sizeof(float));
        if (!all.empty()) {
            std::memcpy(all.data(), bytes_.data(), bytes_.size());
        }
        return all;
    }
    void end() const {
        if (!bytes_.empty()) {
            nonsense(what_);
        }
    }

  private:
    std::span<const std::byte> bytes_;
    const char* what_;
};

} // namespace

std::string to_content(const Description& description) {
    return fmt::format("{} {} {} {}\n{}\n{}\n{}\n{}\n", description.rate, description.outputs,
                       description.inputs, description.most_frames, in_one_line(description.maker),
                       in_one_line(description.model), in_one_line(description.serial),
                       in_one_line(description.version));
}

Description description_from(std::span<const std::byte> content) {
    std::istringstream text(text_of(content));
    Description description;
    std::string rest;
    text >> description.rate >> description.outputs >> description.inputs >>
        description.most_frames;
    std::getline(text, rest);
    std::getline(text, description.maker);
    std::getline(text, description.model);
    std::getline(text, description.serial);
    std::getline(text, description.version);
    const bool possible = description.rate > 0 && description.outputs > 0 &&
                          description.inputs > 0 && description.outputs <= most_channels &&
                          description.inputs <= most_channels;
    if (!text || !rest.empty() || !possible) {
        throw Error(Code::data_loss, "what the sound card says of itself makes no sense");
    }
    return description;
}

std::vector<std::byte> to_content(const Limits& limits) {
    std::vector<std::byte> content;
    put(content, limits.peak);
    put(content, limits.rms);
    put(content, limits.duty);
    return content;
}

Limits limits_from(std::span<const std::byte> content) {
    Content rest(content, "limits");
    Limits limits;
    limits.peak = rest.take<double>();
    limits.rms = rest.take<double>();
    limits.duty = rest.take<double>();
    rest.end();
    return limits;
}

std::vector<std::byte> to_content(std::span<const float> samples, std::size_t longer) {
    std::vector<std::byte> content;
    content.reserve(sizeof(std::uint32_t) + samples.size_bytes());
    put(content, static_cast<std::uint32_t>(longer));
    put(content, samples);
    return content;
}

Block block_from(std::span<const std::byte> content) {
    Content rest(content, "block");
    Block block;
    block.longer = rest.take<std::uint32_t>();
    block.samples = rest.samples();
    return block;
}

std::vector<std::byte> to_content(std::uint32_t number) {
    std::vector<std::byte> content;
    put(content, number);
    return content;
}

std::uint32_t number_from(std::span<const std::byte> content) {
    Content rest(content, "number of a block");
    const auto number = rest.take<std::uint32_t>();
    rest.end();
    return number;
}

std::vector<std::byte> to_content(const Record& record) {
    std::vector<std::byte> content;
    content.reserve(sizeof(std::uint64_t) + sizeof(std::uint32_t) +
                    record.samples.size() * sizeof(float));
    put(content, record.position);
    put(content, std::uint32_t{record.lost ? 1U : 0U});
    put(content, std::span<const float>(record.samples));
    return content;
}

Record record_from(std::span<const std::byte> content) {
    Content rest(content, "record");
    Record record;
    record.position = rest.take<std::uint64_t>();
    record.lost = rest.take<std::uint32_t>() != 0;
    record.samples = rest.samples();
    return record;
}

} // namespace phyll::audio
