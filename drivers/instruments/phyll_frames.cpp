#include "drivers/instruments/metasurface_protocol.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <boost/crc.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace phyll::instruments {
namespace {

constexpr std::array start{std::byte{0xA5}, std::byte{0x5A}};
constexpr std::size_t head_size = 6;
constexpr std::size_t checksum_size = 2;
constexpr std::size_t most_payload = 1024;

enum Type : std::uint8_t {
    identify_type = 0x01,
    pattern_type = 0x02,
    identity_type = 0x81,
    shown_type = 0x82,
    refused_type = 0x8F,
};

using Bytes = std::vector<std::byte>;

std::uint16_t checksum(std::span<const std::byte> bytes) {
    boost::crc_optimal<16, 0x1021, 0xFFFF, 0, false, false> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

void append(Bytes& bytes, std::size_t number) {
    bytes.push_back(static_cast<std::byte>(number & 0xFFU));
    bytes.push_back(static_cast<std::byte>((number >> 8U) & 0xFFU));
}

std::size_t number_at(std::span<const std::byte> bytes, std::size_t at) {
    return std::to_integer<std::size_t>(bytes[at]) |
           (std::to_integer<std::size_t>(bytes[at + 1]) << 8U);
}

/// The sequence number, and for a pattern its checksum.
std::uint32_t mark_of(std::uint8_t sequence, std::uint16_t check) {
    return (std::uint32_t{check} << 8U) | sequence;
}

struct Frame {
    std::uint8_t type = 0;
    std::uint8_t sequence = 0;
    Bytes payload;
};

std::string text_of(std::span<const std::byte> bytes) {
    std::string text(bytes.size(), '\0');
    std::ranges::transform(bytes, text.begin(), [](std::byte b) { return static_cast<char>(b); });
    return utf8(text);
}

class PhyllFrames final : public MetasurfaceProtocol {
  public:
    [[nodiscard]] Request identify() override {
        return {.bytes = frame(identify_type, {}), .mark = mark_of(sequence_, 0)};
    }

    [[nodiscard]] Request pattern(std::span<const std::uint8_t> states) override {
        Bytes payload;
        append(payload, states.size());
        payload.resize(2 + (states.size() + 7) / 8);
        for (std::size_t k = 0; k < states.size(); ++k) {
            if (states[k] != 0) {
                payload[2 + k / 8] |= std::byte{1} << (k % 8);
            }
        }
        Bytes bytes = frame(pattern_type, payload);
        return {.bytes = std::move(bytes), .mark = mark_of(sequence_, checksum(payload))};
    }

    [[nodiscard]] std::optional<Reply> reply_to(const Request& request,
                                                Bytes& received) const override {
        while (const std::optional<Frame> frame = next(received)) {
            if (frame->sequence != (request.mark & 0xFFU)) {
                continue;
            }
            if (std::optional<Reply> reply = reply_of(*frame, request.mark >> 8U)) {
                return reply;
            }
        }
        return std::nullopt;
    }

  private:
    [[nodiscard]] Bytes frame(Type type, const Bytes& payload) {
        ++sequence_;
        Bytes bytes(start.begin(), start.end());
        bytes.push_back(std::byte{type});
        bytes.push_back(std::byte{sequence_});
        append(bytes, payload.size());
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        append(bytes, checksum(std::span(bytes).subspan(start.size())));
        return bytes;
    }

    /// Takes the first frame off, and what is none before it.
    static std::optional<Frame> next(Bytes& bytes) {
        std::size_t at = 0;
        const auto drop = [&] {
            bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
        };
        for (;; ++at) {
            const auto found = std::search(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                           bytes.end(), start.begin(), start.end());
            at = static_cast<std::size_t>(found - bytes.begin());
            if (found == bytes.end()) {
                // The last byte may be the first of a frame.
                at -= !bytes.empty() && bytes.back() == start[0] ? 1 : 0;
                drop();
                return std::nullopt;
            }
            const std::span<const std::byte> rest = std::span(bytes).subspan(at);
            if (rest.size() < head_size) {
                drop();
                return std::nullopt;
            }
            const std::size_t length = number_at(rest, 4);
            if (length > most_payload) {
                continue;
            }
            const std::size_t size = head_size + length + checksum_size;
            if (rest.size() < size) {
                drop();
                return std::nullopt;
            }
            const auto checked = rest.subspan(2, head_size - 2 + length);
            if (checksum(checked) != number_at(rest, head_size + length)) {
                continue;
            }
            Frame frame{.type = std::to_integer<std::uint8_t>(rest[2]),
                        .sequence = std::to_integer<std::uint8_t>(rest[3]),
                        .payload =
                            Bytes(rest.begin() + head_size,
                                  rest.begin() + static_cast<std::ptrdiff_t>(head_size + length))};
            at += size;
            drop();
            return frame;
        }
    }

    /// `check`: of the pattern that was sent.
    static std::optional<Reply> reply_of(const Frame& frame, std::uint32_t check) {
        const Bytes& payload = frame.payload;
        if (frame.type == identity_type && payload.size() > 2) {
            try {
                return Reply{.kind = Reply::Kind::identity,
                             .identity = parse_identity(text_of(std::span(payload).subspan(2))),
                             .atoms = number_at(payload, 0)};
            } catch (const Error&) { // an identity that is none
                return std::nullopt;
            }
        }
        if (frame.type == shown_type && payload.size() == 2 && number_at(payload, 0) == check) {
            return Reply{.kind = Reply::Kind::shown};
        }
        if (frame.type == refused_type && !payload.empty()) {
            return Reply{.kind = Reply::Kind::refused,
                         .reason =
                             fmt::format("{} (code {})", text_of(std::span(payload).subspan(1)),
                                         std::to_integer<unsigned>(payload[0]))};
        }
        return std::nullopt;
    }

    std::uint8_t sequence_ = 0;
};

} // namespace

std::unique_ptr<MetasurfaceProtocol> make_phyll_frames() {
    return std::make_unique<PhyllFrames>();
}

const std::vector<NamedProtocol>& metasurface_protocols() {
    static const std::vector<NamedProtocol> all{
        {"phyll-frames", make_phyll_frames},
    };
    return all;
}

} // namespace phyll::instruments
