#include "drivers/audio/sound_card.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <alsa/asoundlib.h>
#include <fmt/format.h>
#include <pa_linux_alsa.h>
#include <portaudio.h>
#include <sys/resource.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace phyll::audio {
namespace {

using std::chrono::steady_clock;

/// A stream without a frame for so long is dead.
constexpr std::chrono::milliseconds lifetime{1'000};
/// Or for so many of the longest periods.
constexpr double most_periods = 4.0;
constexpr double longest_period = 8'192; // frames
/// A freewheeling server is kept waiting no longer at a time: its other clients wait with it.
constexpr std::chrono::milliseconds most_waiting{20};

void require(PaError error, const char* what) {
    if (error < 0) {
        throw Error(Code::unavailable, fmt::format("{}: {}", what, Pa_GetErrorText(error)));
    }
}

void ignore(const char* /*file*/, int /*line*/, const char* /*function*/, int /*error*/,
            const char* /*format*/, ...) {} // NOLINT(cert-dcl50-cpp): ALSA wants it so

/// PortAudio, ready; it asks for every card that ALSA might have, which ALSA has much to say about.
class Ready {
  public:
    Ready() {
        snd_lib_error_set_handler(ignore);
        require(Pa_Initialize(), "PortAudio");
    }
    Ready(const Ready&) = delete;
    Ready& operator=(const Ready&) = delete;
    ~Ready() { Pa_Terminate(); }
};

Card card_of(const PaDeviceInfo& device) {
    return {.api = Pa_GetHostApiInfo(device.hostApi)->name,
            .name = device.name,
            .outputs = static_cast<std::size_t>(device.maxOutputChannels),
            .inputs = static_cast<std::size_t>(device.maxInputChannels)};
}

/// Where that is not allowed PortAudio may fail over it.
bool may_be_real_time() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_RTPRIO, &limit) == 0 && limit.rlim_cur > 0;
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

bool is_wanted(const Card& card, const Wanted& wanted) {
    return lower(card.api).find(lower(wanted.api)) != std::string::npos &&
           card.name.find(wanted.name) != std::string::npos && card.outputs >= wanted.outputs &&
           card.inputs >= wanted.inputs;
}

PaDeviceIndex find(const Wanted& wanted) {
    std::string all;
    for (PaDeviceIndex index = 0; index < Pa_GetDeviceCount(); ++index) {
        const Card card = card_of(*Pa_GetDeviceInfo(index));
        if (is_wanted(card, wanted)) {
            return index;
        }
        all += fmt::format("{}{} {} with {} outputs and {} inputs", all.empty() ? "" : ", ",
                           card.api, in_quotes(card.name), card.outputs, card.inputs);
    }
    throw Error(Code::not_found,
                fmt::format("there is no sound card {}{} with {} outputs and {} inputs; there {}",
                            wanted.api.empty() ? "" : wanted.api + " ", in_quotes(wanted.name),
                            wanted.outputs, wanted.inputs,
                            all.empty() ? "is none" : "are: " + all));
}

} // namespace

std::vector<Card> cards() {
    const Ready ready;
    std::vector<Card> all;
    for (PaDeviceIndex index = 0; index < Pa_GetDeviceCount(); ++index) {
        all.push_back(card_of(*Pa_GetDeviceInfo(index)));
    }
    return all;
}

struct SoundCard::Stream {
    Ready ready{};
    BlockPlayer& player;
    bool in_step;
    Card card{};
    PaStream* open = nullptr;
    std::uint64_t last_position = 0;
    steady_clock::time_point last_alive = steady_clock::now();
    std::chrono::duration<double> lifetime{audio::lifetime};

    static int period(const void* in, void* out, unsigned long frames,
                      const PaStreamCallbackTimeInfo* /*time*/, PaStreamCallbackFlags flags,
                      void* self) {
        constexpr PaStreamCallbackFlags losses =
            paInputUnderflow | paInputOverflow | paOutputUnderflow | paOutputOverflow;
        Stream& stream = *static_cast<Stream*>(self);
        if (stream.in_step) {
            stream.player.wait_for_work(most_waiting);
        }
        stream.player.process(static_cast<const float*>(in), static_cast<float*>(out), frames,
                              (flags & losses) != 0);
        return paContinue;
    }
};

SoundCard::SoundCard(const Wanted& wanted, BlockPlayer& player)
    : stream_(new Stream{.player = player, .in_step = wanted.in_step}) {
    stream_->lifetime = std::max<std::chrono::duration<double>>(
        lifetime, std::chrono::duration<double>(most_periods * longest_period / wanted.rate));
    const PaDeviceIndex index = find(wanted);
    const PaDeviceInfo& device = *Pa_GetDeviceInfo(index);
    stream_->card = card_of(device);
    const PaStreamParameters in{.device = index,
                                .channelCount = static_cast<int>(wanted.inputs),
                                .sampleFormat = paFloat32,
                                .suggestedLatency = device.defaultLowInputLatency,
                                .hostApiSpecificStreamInfo = nullptr};
    const PaStreamParameters out{.device = index,
                                 .channelCount = static_cast<int>(wanted.outputs),
                                 .sampleFormat = paFloat32,
                                 .suggestedLatency = device.defaultLowOutputLatency,
                                 .hostApiSpecificStreamInfo = nullptr};
    const std::string what = fmt::format("{} {}", stream_->card.api, in_quotes(device.name));
    // Samples beyond full scale never come here, so none needs to be clipped; nor dithered.
    require(Pa_OpenStream(&stream_->open, &in, &out, wanted.rate,
                          wanted.period == 0 ? paFramesPerBufferUnspecified : wanted.period,
                          paClipOff | paDitherOff, Stream::period, stream_.get()),
            what.c_str());
    if (Pa_GetHostApiInfo(device.hostApi)->type == paALSA && may_be_real_time()) {
        PaAlsa_EnableRealtimeScheduling(stream_->open, 1);
    }
    require(Pa_StartStream(stream_->open), what.c_str());
    stream_->last_alive = steady_clock::now();
    const double latency = std::clamp(Pa_GetStreamInfo(stream_->open)->outputLatency, 0.0, 1.0);
    player.set_latency(static_cast<std::size_t>(latency * wanted.rate));
}

SoundCard::~SoundCard() {
    if (stream_->open != nullptr) {
        Pa_CloseStream(stream_->open);
    }
}

const Card& SoundCard::card() const noexcept {
    return stream_->card;
}

bool SoundCard::alive() {
    const steady_clock::time_point now = steady_clock::now();
    const std::uint64_t position = stream_->player.position();
    if (position != stream_->last_position) {
        stream_->last_position = position;
        stream_->last_alive = now;
    }
    return Pa_IsStreamActive(stream_->open) == 1 && now - stream_->last_alive < stream_->lifetime;
}

} // namespace phyll::audio
