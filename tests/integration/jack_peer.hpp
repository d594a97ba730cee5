#pragma once

#include "tests/support/await.hpp"

#include <catch2/catch.hpp>
#include <jack/jack.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

namespace phyll::test {

/// A plain JACK client: plays on speakers and records microphones, whoever they belong to.
class JackPeer {
  public:
    static constexpr std::size_t speakers = 4;
    static constexpr std::size_t microphones = 2;

    /// Plays `sound`, a channel for each speaker, and records as many frames.
    JackPeer(const std::string& server, std::array<std::vector<float>, speakers> sound)
        : sound_(std::move(sound)) {
        for (std::vector<float>& each : heard) {
            each.resize(sound_[0].size());
        }
        const auto options = static_cast<jack_options_t>(JackNoStartServer | JackServerName);
        client_ = jack_client_open("peer", options, nullptr, server.c_str());
        REQUIRE(client_ != nullptr);
        jack_set_process_callback(client_, process, this);
        jack_set_xrun_callback(client_, xrun, this);
        for (std::size_t k = 0; k < speakers; ++k) {
            out_[k] = jack_port_register(client_, ("out" + std::to_string(k)).c_str(),
                                         JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
        }
        for (std::size_t k = 0; k < microphones; ++k) {
            in_[k] = jack_port_register(client_, ("in" + std::to_string(k)).c_str(),
                                        JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        }
        REQUIRE(jack_activate(client_) == 0);
        for (std::size_t k = 0; k < speakers; ++k) {
            connect(jack_port_name(out_[k]), "room:speaker_" + std::to_string(k + 1));
        }
        for (std::size_t k = 0; k < microphones; ++k) {
            connect("room:microphone_" + std::to_string(k + 1), jack_port_name(in_[k]));
        }
        begun_ = true;
    }
    JackPeer(const JackPeer&) = delete;
    JackPeer& operator=(const JackPeer&) = delete;
    ~JackPeer() { jack_client_close(client_); }

    /// False when samples were lost meanwhile: a busy machine.
    [[nodiscard]] bool wait() const {
        await([this] { return place_ >= sound_[0].size(); });
        return xruns_ == 0;
    }

    std::array<std::vector<float>, microphones> heard;

  private:
    void connect(const std::string& from, const std::string& to) const {
        REQUIRE(jack_connect(client_, from.c_str(), to.c_str()) == 0);
    }

    static int xrun(void* self) {
        JackPeer& peer = *static_cast<JackPeer*>(self);
        peer.xruns_ += peer.begun_ ? 1 : 0;
        return 0;
    }

    static int process(jack_nframes_t frames, void* self) {
        JackPeer& peer = *static_cast<JackPeer*>(self);
        std::array<float*, speakers> out{};
        std::array<const float*, microphones> in{};
        for (std::size_t k = 0; k < speakers; ++k) {
            out[k] = static_cast<float*>(jack_port_get_buffer(peer.out_[k], frames));
        }
        for (std::size_t k = 0; k < microphones; ++k) {
            in[k] = static_cast<const float*>(jack_port_get_buffer(peer.in_[k], frames));
        }
        const std::size_t first = peer.place_;
        for (std::size_t i = 0; i < frames; ++i) {
            const bool on = peer.begun_ && first + i < peer.sound_[0].size();
            for (std::size_t k = 0; k < speakers; ++k) {
                out[k][i] = on ? peer.sound_[k][first + i] : 0.0F;
            }
            for (std::size_t k = 0; on && k < microphones; ++k) {
                peer.heard[k][first + i] = in[k][i];
            }
        }
        peer.place_ = peer.begun_ ? first + frames : 0;
        return 0;
    }

    std::array<std::vector<float>, speakers> sound_;
    jack_client_t* client_ = nullptr;
    std::array<jack_port_t*, speakers> out_{};
    std::array<jack_port_t*, microphones> in_{};
    std::atomic<bool> begun_ = false;
    std::atomic<std::size_t> place_ = 0;
    std::atomic<int> xruns_ = 0;
};

} // namespace phyll::test
