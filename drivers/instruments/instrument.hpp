#pragma once

#include "drivers/core/physical_layer.hpp"
#include "drivers/transports/byte_port.hpp"
#include "drivers/transports/patience.hpp"
#include "drivers/transports/traffic_log.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace phyll::instruments {

using transports::Patience;

/// What an instrument says that it is (*IDN?, IEEE 488.2, 10.14).
struct Identity {
    std::string maker;
    std::string model;
    std::string serial;
    std::string firmware;

    bool operator==(const Identity&) const = default;

    [[nodiscard]] bool known() const noexcept { return !serial.empty() || !model.empty(); }
    /// One of phyllsim's.
    [[nodiscard]] bool is_virtual() const noexcept { return serial.starts_with("PHYLLSIM"); }
    /// "Keysight Technologies 33512B, serial MY1234".
    [[nodiscard]] std::string in_words() const;
};

/// Throws DATA_LOSS when the answer is no identity.
[[nodiscard]] Identity parse_identity(std::string_view answer);

/// An instrument as the configuration has it.
struct InstrumentSettings {
    std::string name;
    std::string kind;    ///< "generator", "digitiser", "vna", "metasurface", "slm", "camera",
                         ///< "audio"
    std::string address; ///< VISA resource string; of a camera see make_genicam_camera
    std::string serial;  ///< empty: any
    std::string dialect; ///< name or path; empty: by what the instrument says of itself
    std::string look_up_table{}; ///< of an SLM: see read_level_table; empty: levels as they are
    bool is_virtual = false;
    Seconds timeout{5};                ///< within which it answers
    transports::SerialSettings line{}; ///< of instruments on a serial line
};

/// An instrument as it was found.
struct InstrumentStatus {
    bool connected = false;
    std::string reason; ///< why it is not connected
    Identity identity;  ///< as it was known last
    std::string dialect;
    std::string output; ///< of a generator, as it said last: "on", "off"; empty: not known
    std::uint64_t reconnects = 0;
};

/// What all instruments have in common. An instrument that does not answer throws UNAVAILABLE, or
/// what its transport throws; what it says of an error of its own is UNAVAILABLE in its own words.
/// After any error the next exchange brings both sides into step first.
///
/// Thread rule: one caller at a time, but for `status`, `shut` and the log.
class Instrument {
  public:
    Instrument() = default;
    Instrument(const Instrument&) = delete;
    Instrument& operator=(const Instrument&) = delete;
    virtual ~Instrument() = default;

    [[nodiscard]] virtual const std::string& name() const noexcept = 0;
    /// As it is configured, which is made sure of when it is connected.
    [[nodiscard]] virtual bool is_virtual() const noexcept = 0;

    /// Connects, where that is not so, and makes sure that it is the instrument that it should be.
    /// Throws FAILED_PRECONDITION when it is another one, or somebody else's process drives it.
    virtual void connect(const Patience& patience) = 0;

    /// Counts the times that the instrument may have lost what it was told: each connection is one.
    /// Settings made in an earlier life hold no more.
    [[nodiscard]] virtual std::uint64_t life() const noexcept = 0;

    /// Brings its outputs to their safe values and asks it whether they are. Within twice its
    /// timeout.
    [[nodiscard]] virtual SafeState make_safe() noexcept = 0;

    /// Shuts the transport: nobody drives anything through this object any more. For good.
    virtual void shut() noexcept = 0;

    [[nodiscard]] virtual InstrumentStatus status() const = 0;
    [[nodiscard]] virtual std::shared_ptr<transports::TrafficLog> log() const = 0;
};

} // namespace phyll::instruments
