#pragma once

#include "sim/bench/acoustic/room.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace phyll::bench {

/// A room as a sound server (JACK) sees it: a card whose outputs are speakers and whose inputs are
/// microphones, "room:speaker_1", "room:microphone_1" and so on, for whatever program connects to
/// them. Thread rule: one caller at a time; the room is processed on a thread of JACK's.
class JackClient {
  public:
    /// The room outlives it. Nothing when the server is not there. Throws UNAVAILABLE when it does
    /// not take the room in, or the process has another server already.
    [[nodiscard]] static std::unique_ptr<JackClient> on(const std::string& server, Room& room);
    JackClient(const JackClient&) = delete;
    JackClient& operator=(const JackClient&) = delete;
    ~JackClient();

    /// Its server runs as fast as its clients do, or in real time.
    void freewheel(bool on);
    /// Periods that come too late from now on, while a speaker is driven.
    void stall(unsigned periods) noexcept;
    [[nodiscard]] bool stalling() const noexcept;
    /// That the server is there.
    [[nodiscard]] bool alive() const noexcept;
    /// Of the server, since it was started.
    [[nodiscard]] std::uint64_t xruns() const noexcept;

  private:
    struct Parts;
    explicit JackClient(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

} // namespace phyll::bench
