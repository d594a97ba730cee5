#pragma once

#include "sim/bench/acoustic/room.hpp"
#include "sim/bench/acoustic/sound_server.hpp"
#include "sim/bench/server/bench.hpp"
#include "sim/bench/server/framed_messages.hpp"
#include "sim/bench/server/loop.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::bench {

/// What stands before the bench's phyllaudio: hands on what it is asked and what it answers, so
/// that on the way things can go wrong as with every instrument, and knows what goes on behind it.
class AudioCard final : public Instrument {
  public:
    /// The sound server is started. Throws as it does.
    AudioCard(Loop& loop, SoundServer::Nature nature, const Room::Nature& room, const Site& site);
    ~AudioCard() override;

    [[nodiscard]] const std::string& identity() const override { return identity_; }
    void act(std::string message, Done done) override;
    void forget() override;
    /// Nothing that a client began outlives its connection.
    void alone() override;
    void report(int, const std::string& words) override { failures_.push_back(words); }
    [[nodiscard]] std::size_t errors() const override { return failures_.size(); }
    /// The sound server is killed, and started again.
    void power_on() override;
    /// blocks: those that it was told to play; xruns: of the server; steps: frames in which a
    /// speaker was told to jump further than tones do; frames: all that were processed.
    [[nodiscard]] std::vector<Figure> figures() const override;
    /// "speakers": on while one is driven.
    [[nodiscard]] std::vector<Output> outputs() const override {
        return {{.name = "speakers", .on = room_.sounds()}};
    }
    [[nodiscard]] std::string_view reply_end() const override { return {}; }
    void disguise(std::string& reply, const std::string& other) const override;
    [[nodiscard]] bool one_client() const override { return true; }
    [[nodiscard]] std::unique_ptr<MessageCutter> cutter() const override;
    /// "stall N": so many periods come too late, while it sounds; "delay FRAMES": what is recorded
    /// is later by so much from now on; "gain FACTOR": of the microphones; "speaker NUMBER FACTOR":
    /// of one speaker; "warm-up SECONDS": the amplifier was just switched on; "swap", "unswap": the
    /// microphones' cables; "kill": the sound server.
    void at_panel(std::string_view command) override;

    [[nodiscard]] const std::string& server() const noexcept { return sound_.name(); }

  private:
    class Line;

    void look_later();
    void trying(const std::function<void()>& what);
    void refuse(const std::string& message, const Done& done, const std::string& why) const;
    [[nodiscard]] bool connect();

    Loop& loop_;
    Room room_;
    SoundServer sound_;
    const std::string identity_;
    boost::asio::steady_timer looking_;
    std::shared_ptr<Line> line_;
    std::vector<std::string> failures_;
    std::uint64_t blocks_ = 0;
};

} // namespace phyll::bench
