#include "sim/bench/acoustic/jack_client.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>
#include <jack/jack.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

namespace phyll::bench {
namespace {

/// Periods that a late one takes.
constexpr unsigned lateness = 4;

void ignore(const char* /*words*/) {}

/// JACK's library knows one server in a process, and comes to grief over a second one.
class OnlyOne {
  public:
    OnlyOne() {
        if (there().exchange(true)) {
            throw Error(Code::unavailable, "this process has a sound server already; no second one "
                                           "can be in it");
        }
    }
    OnlyOne(const OnlyOne&) = delete;
    OnlyOne& operator=(const OnlyOne&) = delete;
    ~OnlyOne() { there() = false; }

  private:
    static std::atomic<bool>& there() {
        static std::atomic<bool> one = false;
        return one;
    }
};

} // namespace

struct JackClient::Parts {
    OnlyOne only_one{};
    Room& room;
    jack_client_t* client = nullptr;
    std::array<jack_port_t*, Room::speakers> speakers{};
    std::array<jack_port_t*, Room::microphones> microphones{};
    std::atomic<unsigned> stalls = 0;
    std::atomic<bool> gone = false;
    std::atomic<std::uint64_t> xruns = 0;

    ~Parts() {
        if (client != nullptr) {
            jack_client_close(client);
        }
    }

    static int process(jack_nframes_t frames, void* self) {
        Parts& parts = *static_cast<Parts*>(self);
        Room::Outputs out{};
        Room::Inputs in{};
        for (std::size_t k = 0; k < out.size(); ++k) {
            out[k] = static_cast<const float*>(jack_port_get_buffer(parts.speakers[k], frames));
        }
        for (std::size_t k = 0; k < in.size(); ++k) {
            in[k] = static_cast<float*>(jack_port_get_buffer(parts.microphones[k], frames));
        }
        parts.room.process(out, in, frames);
        if (parts.stalls > 0 && parts.room.sounds()) {
            --parts.stalls;
            parts.room.interrupted();
            std::this_thread::sleep_for(std::chrono::microseconds(
                std::uint64_t{1'000'000} * lateness * frames / jack_get_sample_rate(parts.client)));
        }
        return 0;
    }
    static int xrun(void* self) {
        Parts& parts = *static_cast<Parts*>(self);
        ++parts.xruns;
        parts.room.interrupted();
        return 0;
    }
    static void shutdown(void* self) { static_cast<Parts*>(self)->gone = true; }

    [[nodiscard]] jack_port_t* port(const std::string& name, unsigned long direction) const {
        jack_port_t* const made =
            jack_port_register(client, name.c_str(), JACK_DEFAULT_AUDIO_TYPE,
                               direction | JackPortIsPhysical | JackPortIsTerminal, 0);
        if (made == nullptr) {
            throw Error(Code::unavailable, fmt::format("the sound server has no port {}", name));
        }
        return made;
    }
};

std::unique_ptr<JackClient> JackClient::on(const std::string& server, Room& room) {
    jack_set_error_function(ignore);
    jack_set_info_function(ignore);
    auto parts = std::unique_ptr<Parts>(new Parts{.room = room});
    const auto options = static_cast<jack_options_t>(JackNoStartServer | JackServerName);
    parts->client = jack_client_open("room", options, nullptr, server.c_str());
    if (parts->client == nullptr) {
        return nullptr;
    }
    return std::unique_ptr<JackClient>(new JackClient(std::move(parts)));
}

JackClient::JackClient(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {
    for (std::size_t k = 0; k < Room::speakers; ++k) {
        parts_->speakers[k] = parts_->port(fmt::format("speaker_{}", k + 1), JackPortIsInput);
    }
    for (std::size_t k = 0; k < Room::microphones; ++k) {
        parts_->microphones[k] =
            parts_->port(fmt::format("microphone_{}", k + 1), JackPortIsOutput);
    }
    jack_set_process_callback(parts_->client, Parts::process, parts_.get());
    jack_set_xrun_callback(parts_->client, Parts::xrun, parts_.get());
    jack_on_shutdown(parts_->client, Parts::shutdown, parts_.get());
    if (jack_activate(parts_->client) != 0) {
        throw Error(Code::unavailable, "the sound server does not take the room in");
    }
}

JackClient::~JackClient() = default;

void JackClient::freewheel(bool on) {
    jack_set_freewheel(parts_->client, on ? 1 : 0);
}

void JackClient::stall(unsigned periods) noexcept {
    parts_->stalls = periods;
}

bool JackClient::stalling() const noexcept {
    return parts_->stalls > 0;
}

bool JackClient::alive() const noexcept {
    return !parts_->gone;
}

std::uint64_t JackClient::xruns() const noexcept {
    return parts_->xruns;
}

} // namespace phyll::bench
