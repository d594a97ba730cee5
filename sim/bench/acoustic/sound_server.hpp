#pragma once

#include "sim/bench/acoustic/child_program.hpp"
#include "sim/bench/acoustic/jack_client.hpp"
#include "sim/bench/acoustic/room.hpp"
#include "sim/bench/acoustic/server_name.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace phyll::bench {

/// A sound server (jackd) of the bench's own with the room in it, and the phyllaudio that plays and
/// records there. What ended is started again. Thread rule: one caller at a time.
class SoundServer {
  public:
    struct Nature {
        unsigned rate = 48'000; ///< frames a second
        unsigned period = 1024; ///< frames
        bool freewheel = true;  ///< as fast as it can, in step with phyllaudio; else real time
        std::string serial;     ///< that phyllaudio says
    };

    /// Started. The room outlives it. Throws UNAVAILABLE when it cannot be.
    SoundServer(Nature nature, Room& room);
    SoundServer(const SoundServer&) = delete;
    SoundServer& operator=(const SoundServer&) = delete;
    ~SoundServer();

    /// Of 127.0.0.1, where phyllaudio listens; 0 while nothing runs.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_.text(); }
    [[nodiscard]] std::uint64_t xruns() const noexcept;

    /// Kills the server, with all that is in it, and starts it again.
    void restart();
    /// So many periods come too late, the next that sound.
    void stall(unsigned periods);
    /// Starts what ended, and ends what was only for a while. To be called now and then.
    void look();

  private:
    void start();
    /// False when the server ended, or is not there yet.
    [[nodiscard]] bool come_in();
    void start_player();
    void kill() noexcept;

    const Nature nature_;
    const ServerName name_{};
    Room& room_;
    std::unique_ptr<ChildProgram> server_;
    std::unique_ptr<JackClient> client_;
    std::unique_ptr<ChildProgram> player_;
    std::uint16_t port_ = 0;
    bool stalling_ = false;
    std::uint64_t xruns_before_ = 0; ///< of servers that are gone
};

} // namespace phyll::bench
