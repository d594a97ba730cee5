#pragma once

#include <cstddef>
#include <cstdint>
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
    /// Does what a message says, and gives its reply without an end, if it has one. What is wrong
    /// with the message goes into the error queue.
    [[nodiscard]] virtual std::optional<std::string> act(std::string_view message) = 0;
    /// Puts an entry into the error queue.
    virtual void report(int number, const std::string& words) = 0;
    /// Entries in the error queue.
    [[nodiscard]] virtual std::size_t errors() const = 0;
    /// As it is when it has just been switched on: nothing is left of what was set or stored.
    virtual void power_on() = 0;
    /// What it counts, since the bench was started.
    [[nodiscard]] virtual std::vector<Figure> figures() const = 0;
    [[nodiscard]] virtual std::vector<Output> outputs() const { return {}; }
};

} // namespace phyll::bench
