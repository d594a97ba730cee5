#pragma once

#include "drivers/core/framed_message.hpp"
#include "drivers/instruments/claim.hpp"
#include "drivers/transports/byte_port.hpp"
#include "drivers/transports/traffic_log.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace phyll::instruments {

/// Questions in framed messages to an instrument's own service, and its answers. An exchange that
/// fails gives the connection up, on which the service brings the instrument to its safe state.
///
/// Thread rule: one caller at a time, but for `shut`, `claim` and `log`.
class MessageLink {
  public:
    /// Greets an instrument that has just been connected: asks what it is, and returns that.
    using Greet = std::function<Identity(const Patience& patience)>;

    /// `clock` outlives it.
    MessageLink(const InstrumentSettings& settings, const std::filesystem::path& lock_dir,
                const Framing& framing, const Clock& clock);

    /// Connects, where that is not so, with the claim's checks, and counts a life.
    void connect(const Greet& greet, const Patience& patience);
    /// Within `connect`, or connected: asks and waits for the answer, which is of the kind `answer`
    /// or of `otherwise`. Throws UNAVAILABLE when the instrument refuses, in its words, or does not
    /// answer within its timeout.
    [[nodiscard]] FramedMessage ask(std::uint32_t kind, std::span<const std::byte> content,
                                    std::uint32_t answer, const Patience& patience,
                                    std::uint32_t otherwise = 0);

    void shut() noexcept;

    [[nodiscard]] const Claim& claim() const noexcept { return claim_; }
    [[nodiscard]] std::uint64_t life() const noexcept { return life_; }
    [[nodiscard]] const std::shared_ptr<transports::TrafficLog>& log() const noexcept {
        return log_;
    }

  private:
    template <class Exchange>
    auto exchange(const Patience& patience, Exchange what);
    [[nodiscard]] FramedMessage asked(std::uint32_t kind, std::span<const std::byte> content,
                                      std::uint32_t answer, std::uint32_t otherwise,
                                      const Patience& patience);
    [[nodiscard]] FramedMessage next(const Patience& bounded, const Patience& patience);

    Claim claim_;
    const Framing framing_;
    const Clock& clock_;
    const std::shared_ptr<transports::TrafficLog> log_;
    const std::unique_ptr<transports::BytePort> port_;
    std::vector<std::byte> received_;
    std::uint32_t sequence_ = 0;
    bool greeting_ = false;
    std::atomic<std::uint64_t> life_ = 0;
};

} // namespace phyll::instruments
