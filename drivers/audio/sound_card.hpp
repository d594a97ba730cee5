#pragma once

#include "drivers/audio/block_player.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace phyll::audio {

/// A sound card as the machine has it.
struct Card {
    std::string api; ///< "ALSA", "JACK Audio Connection Kit"
    std::string name;
    std::size_t outputs = 0;
    std::size_t inputs = 0;
};
/// Those that there are now. Throws UNAVAILABLE.
[[nodiscard]] std::vector<Card> cards();

/// What is to be opened.
struct Wanted {
    std::string api;  ///< a part of its name, whatever the case; empty: any
    std::string name; ///< of the card, or a part of it: "hw:1,0"; empty: the first that does
    unsigned rate = 48'000;
    std::size_t outputs = 4;
    std::size_t inputs = 2;
    std::size_t period = 0; ///< frames at a time; 0: as the card likes it
    /// Its server runs as fast as its clients do (a freewheeling JACK): it waits for blocks.
    bool in_step = false;
};

/// One duplex stream, open for as long as this object lives, by PortAudio. One in a process: what
/// becomes of PortAudio when a sound server dies is nothing to go on with.
class SoundCard {
  public:
    /// `player` outlives it. Throws NOT_FOUND naming the cards that there are, UNAVAILABLE with
    /// PortAudio's words.
    SoundCard(const Wanted& wanted, BlockPlayer& player);
    SoundCard(const SoundCard&) = delete;
    SoundCard& operator=(const SoundCard&) = delete;
    /// Closes the stream: of one that is alive.
    ~SoundCard();

    [[nodiscard]] const Card& card() const noexcept;
    /// That frames went through it lately. To be asked now and then.
    [[nodiscard]] bool alive();

  private:
    struct Stream;
    std::unique_ptr<Stream> stream_;
};

} // namespace phyll::audio
