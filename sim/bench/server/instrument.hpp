#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::bench {

/// Something that an instrument counts.
struct Figure {
    std::string name; ///< "captures"
    std::uint64_t value = 0;
};

/// One of an instrument's outputs as it is now, at the connector.
struct Output {
    std::string name; ///< "1"
    bool on = false;
    double volts = 0.0;
    std::optional<double> dbm{}; ///< of a source of RF, which has no volts
};

/// Cuts a stream of bytes into messages.
class MessageCutter {
  public:
    MessageCutter() = default;
    MessageCutter(const MessageCutter&) = delete;
    MessageCutter& operator=(const MessageCutter&) = delete;
    virtual ~MessageCutter() = default;

    virtual void append(std::string_view bytes) = 0;
    /// The next complete message, if there is one. What can be none is passed over.
    [[nodiscard]] virtual std::optional<std::string> next() = 0;
    /// Nothing has come for a while: what was begun does not go on.
    virtual void silence() = 0;
};

/// By which a USB device says what it is.
struct UsbIds {
    std::uint16_t vendor = 0;
    std::uint16_t product = 0;
};

/// A virtual instrument as the way to it sees it, whatever that way is: complete messages in,
/// replies out. Thread rule: everything is called on the bench's thread.
class Instrument {
  public:
    Instrument() = default;
    Instrument(const Instrument&) = delete;
    Instrument& operator=(const Instrument&) = delete;
    virtual ~Instrument() = default;

    /// What it answers to *IDN?.
    [[nodiscard]] virtual const std::string& identity() const = 0;
    /// Those of its USB socket, if it has one.
    [[nodiscard]] virtual std::optional<UsbIds> usb_ids() const { return std::nullopt; }

    using Done = std::function<void(std::optional<std::string> reply)>;

    /// Does what a message says, and calls `done` with its reply without an end, if it has one: at
    /// once, or when what the message waits for is over. What is wrong with the message goes into
    /// the error queue. No other message comes before that, unless `forget` or `power_on` does.
    virtual void act(std::string message, Done done) = 0;
    /// Whoever sent the message that it acts on is gone; `done` need not be called.
    virtual void forget() {}
    /// The last client that was connected is gone.
    virtual void alone() {}
    /// Does what somebody does at its front panel, said in its language; other than a message it
    /// neither waits nor replies. Throws INVALID_ARGUMENT when it cannot be.
    virtual void at_panel(std::string_view command);
    /// Puts an entry into the error queue.
    virtual void report(int number, const std::string& words) = 0;
    /// As a serial poll tells it.
    [[nodiscard]] virtual std::uint8_t status_byte() const { return 0; }
    /// Entries in the error queue.
    [[nodiscard]] virtual std::size_t errors() const = 0;
    /// As it is when it has just been switched on: nothing is left of what was set or stored.
    virtual void power_on() = 0;
    /// What it counts, since the bench was started.
    [[nodiscard]] virtual std::vector<Figure> figures() const = 0;
    [[nodiscard]] virtual std::vector<Output> outputs() const { return {}; }

    /// What ends each of its replies.
    [[nodiscard]] virtual std::string_view reply_end() const { return "\n"; }
    /// Makes a reply say another identity than its own, if it says that.
    virtual void disguise(std::string& reply, const std::string& other) const;
    /// Whether it talks to one client only: a new one takes the place of the one before.
    [[nodiscard]] virtual bool one_client() const { return false; }
    /// What cuts its messages out of a stream of bytes; nothing where they are SCPI's.
    [[nodiscard]] virtual std::unique_ptr<MessageCutter> cutter() const { return nullptr; }
};

} // namespace phyll::bench
