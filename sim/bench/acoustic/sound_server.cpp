#include "sim/bench/acoustic/sound_server.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

namespace phyll::bench {
namespace {

/// What a program of a busy machine may take to start.
constexpr std::chrono::seconds startup{20};
/// Within which a sound server that starts at all is there.
constexpr std::chrono::seconds first_word{5};

/// ".., TCPIP0::127.0.0.1::9412::SOCKET"
std::uint16_t port_in(const std::string& line) {
    constexpr std::string_view before = "::127.0.0.1::";
    const std::size_t place = line.find(before);
    std::uint16_t port = 0;
    if (place != std::string::npos) {
        const char* const first = line.data() + place + before.size();
        std::from_chars(first, line.data() + line.size(), port);
    }
    if (port == 0) {
        throw Error(Code::unavailable, fmt::format("phyllaudio says '{}', and no port", line));
    }
    return port;
}

/// A server that is killed leaves its clients' semaphores behind.
void remove_leftovers(const std::string& server) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored)) {
        const std::string name = entry.path().filename();
        if (name.starts_with("jack_sem.") && name.find("_" + server + "_") != std::string::npos) {
            std::filesystem::remove(entry.path(), ignored);
        }
    }
}

} // namespace

SoundServer::SoundServer(Nature nature, Room& room) : nature_(std::move(nature)), room_(room) {
    start();
}

SoundServer::~SoundServer() {
    if (client_ && client_->alive() && nature_.freewheel) {
        client_->freewheel(false);
    }
    player_.reset();
    client_.reset();
    server_.reset();
}

void SoundServer::start() {
    // One of the same name may still be about to end.
    const auto end = std::chrono::steady_clock::now() + startup;
    while (!come_in()) {
        if (std::chrono::steady_clock::now() >= end) {
            throw Error(Code::unavailable,
                        fmt::format("the sound server '{}' does not start; is Debian's jackd2 "
                                    "installed?",
                                    name()));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    start_player();
}

bool SoundServer::come_in() {
    server_.reset();
    // Ports are memory: each of the usual 2048 takes 32 KiB of what containers have little of.
    server_ = std::make_unique<ChildProgram>(
        std::vector<std::string>{"jackd", "--port-max", "128", "-n", name_.text(), "--no-realtime",
                                 "-S", "-d", "dummy", "-r", std::to_string(nature_.rate), "-p",
                                 std::to_string(nature_.period), "-C", "0", "-P", "0"});
    room_.interrupted(); // what was played before ended where it was
    const auto end = std::chrono::steady_clock::now() + first_word;
    while (server_->runs() && std::chrono::steady_clock::now() < end) {
        client_ = JackClient::on(name(), room_);
        if (client_ != nullptr) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

void SoundServer::start_player() {
    std::vector<std::string> command{"phyllaudio",
                                     "--api",
                                     "JACK",
                                     "--device",
                                     "room",
                                     "--server",
                                     name_.text(),
                                     "--outputs",
                                     "4",
                                     "--inputs",
                                     "2",
                                     "--rate",
                                     std::to_string(nature_.rate),
                                     "--serial",
                                     nature_.serial,
                                     "--port",
                                     "0"};
    if (nature_.freewheel) {
        command.emplace_back("--in-step");
    }
    port_ = 0;
    // On a busy machine it may find the server, and not yet the room in it.
    const auto end = std::chrono::steady_clock::now() + startup;
    while (port_ == 0) {
        try {
            player_.reset();
            player_ = std::make_unique<ChildProgram>(command);
            port_ = port_in(player_->first_line(startup));
        } catch (const Error&) {
            if (std::chrono::steady_clock::now() >= end || !server_->runs()) {
                throw;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    }
    if (nature_.freewheel) {
        client_->freewheel(true);
    }
}

/// The server first: a freewheeling one waits for long for a client that is no more.
void SoundServer::kill() noexcept {
    port_ = 0;
    if (server_) {
        server_->kill();
    }
    xruns_before_ += client_ ? client_->xruns() : 0;
    client_.reset();
    if (player_) {
        player_->kill();
    }
    player_.reset();
    remove_leftovers(name_.text());
}

void SoundServer::restart() {
    kill();
    start();
}

void SoundServer::stall(unsigned periods) {
    look();
    if (nature_.freewheel) {
        client_->freewheel(false); // nothing is late otherwise
    }
    stalling_ = true;
    client_->stall(periods);
}

void SoundServer::look() {
    if (!server_ || !server_->runs() || !client_ || !client_->alive()) {
        restart();
    } else if (!player_ || !player_->runs()) {
        start_player();
    }
    if (stalling_ && !client_->stalling()) {
        stalling_ = false;
        if (nature_.freewheel) {
            client_->freewheel(true);
        }
    }
}

std::uint64_t SoundServer::xruns() const noexcept {
    return xruns_before_ + (client_ ? client_->xruns() : 0);
}

} // namespace phyll::bench
