// Framed messages: those of displays and sound cards, and those of metasurfaces, as the drivers and
// as the virtual instruments read them. The first byte says whose they are; the rest came in.

#include "drivers/audio/protocol.hpp"
#include "drivers/core/framed_message.hpp"
#include "drivers/display/protocol.hpp"
#include "drivers/instruments/metasurface_protocol.hpp"
#include "sim/bench/microwave/frames.hpp"
#include "sim/bench/server/framed_messages.hpp"
#include "tests/fuzz/input.hpp"

#include <optional>

using namespace phyll;
using namespace phyll::fuzz;

namespace {

using Bytes = std::vector<std::byte>;
using Content = std::span<const std::byte>;
using instruments::MetasurfaceProtocol;

/// The whole messages that a stream begins with; each is written again as it came.
std::vector<FramedMessage> messages_in(const Framing& framing, Content stream) {
    std::vector<FramedMessage> messages;
    Bytes received(stream.begin(), stream.end());
    expect_error_only([&] {
        while (std::optional<FramedMessage> message = take_message(framing, received)) {
            const Bytes again = encode(framing, message->kind, message->sequence, message->content);
            require(std::ranges::equal(again, stream.first(again.size())),
                    "a message is written as it was read");
            stream = stream.subspan(again.size());
            require(received.size() == stream.size(), "a message is taken as a whole");
            messages.push_back(std::move(*message));
        }
    });
    return messages;
}

/// The virtual instruments find the same messages.
void check_cutter(const Framing& framing, Content stream,
                  const std::vector<FramedMessage>& messages) {
    bench::FramedTextCutter cutter({framing.letters.data(), framing.letters.size()});
    cutter.append(as_text(stream));
    for (const FramedMessage& message : messages) {
        const std::optional<std::string> found = cutter.next();
        require(found.has_value(), "the bench finds the messages that a driver finds");
        const bench::FramedText text = bench::framed_text(*found);
        require(text.kind == message.kind && text.sequence == message.sequence &&
                    text.content == as_text(message.content),
                "the bench reads messages as a driver does");
    }
    while (cutter.next()) {
    }
}

/// What `read` makes of a content is the same when it is written and read once more.
template <class Read, class Write>
void check_content(Content content, const Read& read, const Write& write) {
    expect_error_only([&] {
        const auto written = write(read(content));
        const auto again = write(read(std::as_bytes(std::span(written))));
        require(again == written, "what was read is the same when it is written and read again");
    });
}

constexpr auto as_of_display = [](const auto& value) { return display::to_content(value); };
constexpr auto as_of_audio = [](const auto& value) { return audio::to_content(value); };

void check_display(Content stream) {
    const auto messages = messages_in(display::framing, stream);
    check_cutter(display::framing, stream, messages);
    for (const FramedMessage& message : messages) {
        static_cast<void>(utf8(text_of(message.content)));
        check_content(message.content, display::description_from, as_of_display);
    }
}

void check_audio(Content stream) {
    const auto messages = messages_in(audio::framing, stream);
    check_cutter(audio::framing, stream, messages);
    for (const FramedMessage& message : messages) {
        check_content(message.content, audio::description_from, as_of_audio);
        check_content(message.content, audio::limits_from, as_of_audio);
        check_content(message.content, audio::number_from, as_of_audio);
        check_content(message.content, audio::record_from, as_of_audio);
        check_content(message.content, audio::block_from, [](const audio::Block& block) {
            return audio::to_content(block.samples, block.longer);
        });
        expect_error_only([&] {
            const audio::Limits limits = audio::limits_from(message.content);
            limits.check();
            limits.check(std::vector<float>(4), 2);
        });
        expect_error_only([&] {
            const audio::Block block = audio::block_from(message.content);
            audio::Limits{.peak = 0.5, .rms = 0.1, .duty = 0.5}.check(block.samples, 1);
        });
    }
}

/// What a driver makes of a stream that comes in pieces, in words.
std::string reply_in(const MetasurfaceProtocol& protocol,
                     const MetasurfaceProtocol::Request& request, Content stream,
                     std::size_t piece) {
    Bytes received;
    while (!stream.empty()) {
        const Content next = stream.first(std::min(piece, stream.size()));
        received.insert(received.end(), next.begin(), next.end());
        stream = stream.subspan(next.size());
        if (const auto reply = protocol.reply_to(request, received)) {
            require(utf8(reply->reason) == reply->reason, "a reason is text");
            return std::to_string(static_cast<int>(reply->kind)) + " " +
                   std::to_string(reply->atoms) + reply->identity.in_words() + reply->reason;
        }
    }
    return {};
}

void check_driver(Content stream) {
    const auto protocol = instruments::make_phyll_frames();
    const auto identify = protocol->identify();
    const std::vector<std::uint8_t> states{1, 0, 1};
    const auto pattern = protocol->pattern(states);
    for (const auto& request : {identify, pattern}) {
        const std::string reply = reply_in(*protocol, request, stream, stream.size() + 1);
        require(reply_in(*protocol, request, stream, 1) == reply,
                "a reply is the same however it comes");
    }
}

std::vector<std::string> frames_in(std::string_view stream, std::size_t piece) {
    bench::FrameCutter cutter;
    std::vector<std::string> frames;
    while (!stream.empty()) {
        cutter.append(stream.substr(0, piece));
        stream.remove_prefix(std::min(piece, stream.size()));
        while (auto frame = cutter.next()) {
            require(bench::encoded(bench::decoded(*frame)) == *frame,
                    "a frame is written as it was read");
            frames.push_back(std::move(*frame));
        }
    }
    cutter.silence();
    while (auto frame = cutter.next()) {
        frames.push_back(std::move(*frame));
    }
    return frames;
}

/// Bytes as they are.
void check_metasurface(std::string_view stream) {
    check_driver(std::as_bytes(std::span(stream)));
    const auto frames = frames_in(stream, stream.size() + 1);
    require(frames_in(stream, 1) == frames, "frames are the same however they come");
}

/// Frames whose checksums are right, which a fuzzer hardly guesses: type, sequence number, payload
/// with its length; what is between them is noise.
std::string framed(Input& input) {
    std::string stream;
    while (!input.empty()) {
        const auto type = input.number<std::uint8_t>();
        const auto sequence = input.number<std::uint8_t>();
        const std::string_view payload = as_text(input.part());
        constexpr std::uint8_t noise = 0x7F;
        constexpr std::size_t most_payload = 1024;
        stream += type == noise
                      ? std::string(payload)
                      : bench::encoded({.type = type,
                                        .sequence = sequence,
                                        .payload = std::string(payload.substr(0, most_payload))});
    }
    return stream;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    switch (input.number<std::uint8_t>() % 4) {
    case 0:
        check_display(input.rest());
        break;
    case 1:
        check_audio(input.rest());
        break;
    case 2:
        check_metasurface(as_text(input.rest()));
        break;
    default:
        check_metasurface(framed(input));
        break;
    }
    return 0;
}
