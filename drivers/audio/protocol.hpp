#pragma once

#include "drivers/audio/limits.hpp"
#include "drivers/core/framed_message.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace phyll::audio {

/// What phylld and phyllaudio say to each other; the kinds of their messages. Numbers have the low
/// byte first; samples are float32, 1 being the converter's full scale, one frame after the other.
struct Kind {
    static constexpr std::uint32_t describe = 1;    ///< asks what the sound card is
    static constexpr std::uint32_t description = 2; ///< the answer: see Description
    static constexpr std::uint32_t limit = 3;       ///< sets limits: peak, rms, duty as float64
    static constexpr std::uint32_t limited = 4;     ///< the answer
    /// Asks to play a block as soon as what was asked for before is over: how many frames longer
    /// than it is recorded (4 bytes), and its frames.
    static constexpr std::uint32_t play = 5;
    static constexpr std::uint32_t queued = 6; ///< the answer: the block's number, 4 bytes
    /// Asks for the record of a block: its number.
    static constexpr std::uint32_t collect = 7;
    /// The answer: position of its first frame in the stream (8 bytes), whether samples were lost
    /// meanwhile (4 bytes, 0 or 1), frames of the inputs.
    static constexpr std::uint32_t record = 8;
    static constexpr std::uint32_t pending = 9; ///< the answer, after a while: not yet
    /// Asks for silence: what is played fades away, what is queued is forgotten.
    static constexpr std::uint32_t silence = 10;
    static constexpr std::uint32_t silent = 11;  ///< the answer, once it is
    static constexpr std::uint32_t refused = 12; ///< the answer to what cannot be done: a text
};

inline constexpr Framing framing{.letters = {'A', 'U', 'D', '1'},
                                 .kinds = Kind::refused,
                                 .refused = Kind::refused,
                                 .about = "a sound card"};

/// A sound card as it is open, and what is known of it; what is not is empty.
struct Description {
    std::uint32_t rate = 0; ///< frames a second
    std::uint32_t outputs = 0;
    std::uint32_t inputs = 0;
    std::uint32_t most_frames = 0; ///< of a block with what is recorded after it
    std::string maker{};
    std::string model{};
    std::string serial{};
    std::string version{}; ///< of the program that drives it

    bool operator==(const Description&) const = default;
};

/// "48000 4 2 960000" and the four texts, a line each.
[[nodiscard]] std::string to_content(const Description& description);
/// Throws DATA_LOSS when it is none.
[[nodiscard]] Description description_from(std::span<const std::byte> content);

/// A block to be played.
struct Block {
    std::size_t longer = 0;     ///< frames that are recorded after it
    std::vector<float> samples; ///< of the outputs
};
/// What was recorded while a block was played, from its first frame on.
struct Record {
    std::uint64_t position = 0; ///< of that frame, since the stream was opened
    bool lost = false;          ///< samples were lost meanwhile: it is worth nothing
    std::vector<float> samples; ///< of the inputs

    bool operator==(const Record&) const = default;
};

// Each throws DATA_LOSS when the content is none such.
[[nodiscard]] std::vector<std::byte> to_content(const Limits& limits);
[[nodiscard]] Limits limits_from(std::span<const std::byte> content);
[[nodiscard]] std::vector<std::byte> to_content(std::span<const float> samples, std::size_t longer);
[[nodiscard]] Block block_from(std::span<const std::byte> content);
[[nodiscard]] std::vector<std::byte> to_content(std::uint32_t number);
[[nodiscard]] std::uint32_t number_from(std::span<const std::byte> content);
[[nodiscard]] std::vector<std::byte> to_content(const Record& record);
[[nodiscard]] Record record_from(std::span<const std::byte> content);

} // namespace phyll::audio
