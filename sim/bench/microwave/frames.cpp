#include "sim/bench/microwave/frames.hpp"

#include <algorithm>
#include <utility>

namespace phyll::bench {
namespace {

constexpr std::string_view beginning = "\xA5\x5A";
constexpr std::size_t header = 6; ///< bytes before the payload
constexpr std::size_t type_at = 2;
constexpr std::size_t sequence_at = 3;
constexpr std::size_t length_at = 4;
constexpr std::size_t checksum_size = 2;
constexpr std::size_t longest_payload = 1024;

bool is_right(std::string_view frame) {
    const std::size_t end = frame.size() - checksum_size;
    return frame_checksum(frame.substr(type_at, end - type_at)) ==
           from_little_endian(frame.substr(end));
}

} // namespace

std::uint16_t frame_checksum(std::string_view bytes) {
    constexpr std::uint32_t polynomial = 0x1021;
    constexpr std::uint32_t top = 0x8000;
    std::uint32_t sum = 0xffff;
    for (const char byte : bytes) {
        sum ^= static_cast<std::uint32_t>(static_cast<unsigned char>(byte)) << 8U;
        for (int bit = 0; bit < 8; ++bit) {
            sum = (sum & top) != 0 ? (sum << 1U) ^ polynomial : sum << 1U;
        }
    }
    return static_cast<std::uint16_t>(sum & 0xffffU);
}

std::string little_endian(std::uint16_t value) {
    return {static_cast<char>(value & 0xffU), static_cast<char>(value >> 8U)};
}

std::uint16_t from_little_endian(std::string_view two_bytes) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(two_bytes[0]) +
                                      256U * static_cast<unsigned char>(two_bytes[1]));
}

std::string encoded(const Frame& frame) {
    std::string bytes(beginning);
    bytes += static_cast<char>(frame.type);
    bytes += static_cast<char>(frame.sequence);
    bytes += little_endian(static_cast<std::uint16_t>(frame.payload.size()));
    bytes += frame.payload;
    return bytes + little_endian(frame_checksum(std::string_view(bytes).substr(type_at)));
}

Frame decoded(std::string_view bytes) {
    return {.type = static_cast<std::uint8_t>(bytes[type_at]),
            .sequence = static_cast<std::uint8_t>(bytes[sequence_at]),
            .payload = std::string(bytes.substr(header, bytes.size() - header - checksum_size))};
}

std::optional<std::string> FrameCutter::next(bool ended) {
    if (!ended && !found_.empty()) {
        std::string frame = std::move(found_.front());
        found_.pop_front();
        return frame;
    }
    while (true) {
        buffer_.erase(0, std::min(buffer_.find(beginning[0]), buffer_.size()));
        const bool starts = buffer_.size() < 2 || buffer_[1] == beginning[1];
        if (buffer_.empty()) {
            return std::nullopt;
        }
        if (starts && buffer_.size() < header && !ended) {
            return std::nullopt;
        }
        if (starts && buffer_.size() >= header) {
            const std::size_t length =
                from_little_endian(std::string_view(buffer_).substr(length_at, 2));
            const std::size_t size = header + length + checksum_size;
            if (length <= longest_payload && buffer_.size() < size && !ended) {
                return std::nullopt;
            }
            if (length <= longest_payload && buffer_.size() >= size &&
                is_right(std::string_view(buffer_).substr(0, size))) {
                std::string frame = buffer_.substr(0, size);
                buffer_.erase(0, size);
                return frame;
            }
        }
        buffer_.erase(0, 1);
    }
}

void FrameCutter::silence() {
    while (std::optional<std::string> frame = next(true)) {
        found_.push_back(std::move(*frame));
    }
}

} // namespace phyll::bench
