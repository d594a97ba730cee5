#include "sim/bench/microwave/metasurface_controller.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace phyll::bench {
namespace {

namespace type {
constexpr std::uint8_t identify = 0x01;
constexpr std::uint8_t pattern = 0x02;
constexpr std::uint8_t state = 0x03;
constexpr std::uint8_t identity = 0x81;
constexpr std::uint8_t shown = 0x82;
constexpr std::uint8_t state_reply = 0x83;
constexpr std::uint8_t refused = 0x8F;
} // namespace type

enum class Refusal : char { no_such_type = 1, wrong_length, wrong_atoms, hardware };

constexpr std::size_t count_size = 2; ///< bytes of a number of meta-atoms

Frame reply_to(const Frame& request, std::uint8_t type, std::string payload) {
    return {.type = type, .sequence = request.sequence, .payload = std::move(payload)};
}

Frame refusal_of(const Frame& request, Refusal code, const std::string& why) {
    return reply_to(request, type::refused, static_cast<char>(code) + why);
}

std::size_t bytes_of(std::size_t atoms) {
    return (atoms + 7) / 8;
}

} // namespace

MetasurfaceController::MetasurfaceController(const std::string& serial, Surface& surface)
    : identity_(fmt::format("phyllsim,METASURFACE-{},{},1.0", surface.latched().size(), serial)),
      surface_(surface) {}

void MetasurfaceController::act(std::string message, Done done) {
    done(encoded(answer(decoded(message))));
}

void MetasurfaceController::power_on() {
    failures_.clear();
    surface_.switch_off();
}

void MetasurfaceController::disguise(std::string& reply, const std::string& other) const {
    if (const Frame frame = decoded(reply); frame.type == type::identity) {
        reply = encoded(identify(frame, other));
    }
}

std::unique_ptr<MessageCutter> MetasurfaceController::cutter() const {
    return std::make_unique<FrameCutter>();
}

Frame MetasurfaceController::answer(const Frame& request) {
    if (request.type == type::pattern) {
        return show(request);
    }
    if (request.type != type::identify && request.type != type::state) {
        return refusal_of(request, Refusal::no_such_type,
                          fmt::format("type {:#04x} is not known", request.type));
    }
    if (!request.payload.empty()) {
        return refusal_of(request, Refusal::wrong_length,
                          fmt::format("{} bytes, 0 are right", request.payload.size()));
    }
    return request.type == type::state ? reply_to(request, type::state_reply, state())
                                       : identify(request, identity_);
}

Frame MetasurfaceController::identify(const Frame& request, const std::string& identity) const {
    return reply_to(request, type::identity,
                    little_endian(static_cast<std::uint16_t>(surface_.latched().size())) +
                        identity);
}

Frame MetasurfaceController::show(const Frame& request) {
    const std::size_t atoms = surface_.latched().size();
    const std::string_view payload = request.payload;
    if (payload.size() < count_size) {
        return refusal_of(request, Refusal::wrong_length, "no number of meta-atoms");
    }
    if (const std::size_t count = from_little_endian(payload); count != atoms) {
        return refusal_of(request, Refusal::wrong_atoms,
                          fmt::format("{} meta-atoms, there are {}", count, atoms));
    }
    const std::string_view bits = payload.substr(count_size);
    if (bits.size() != bytes_of(atoms)) {
        return refusal_of(
            request, Refusal::wrong_length,
            fmt::format("{} bytes of bits, {} are right", bits.size(), bytes_of(atoms)));
    }
    if (!failures_.empty()) {
        const std::string why = std::move(failures_.front());
        failures_.pop_front();
        return refusal_of(request, Refusal::hardware, why);
    }
    Surface::Pattern pattern;
    for (std::size_t k = 0; k < atoms; ++k) {
        const auto byte = static_cast<unsigned char>(bits[k / 8]);
        pattern.push_back(static_cast<std::uint8_t>(byte >> (k % 8) & 1U));
    }
    ++patterns_;
    surface_.show(std::move(pattern));
    return reply_to(request, type::shown, little_endian(frame_checksum(payload)));
}

/// As in PATTERN.
std::string MetasurfaceController::state() const {
    const Surface::Pattern& pattern = surface_.latched();
    std::string bits(bytes_of(pattern.size()), '\0');
    for (std::size_t k = 0; k < pattern.size(); ++k) {
        bits[k / 8] = static_cast<char>(static_cast<unsigned char>(bits[k / 8]) |
                                        static_cast<unsigned>(pattern[k]) << (k % 8));
    }
    return little_endian(static_cast<std::uint16_t>(pattern.size())) + bits;
}

} // namespace phyll::bench
