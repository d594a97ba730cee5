#pragma once

#include "sim/bench/server/activity.hpp"
#include "sim/bench/server/instrument.hpp"
#include "sim/bench/server/loop.hpp"
#include "sim/bench/server/misbehaviour.hpp"
#include "sim/bench/server/way.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace phyll::bench {

namespace usb {
class UsbBus;
}

/// Where an instrument stands on the bench, and what it needs to be built there.
struct Place {
    std::string name{};     ///< "generator"
    std::uint16_t port = 0; ///< that it is to have on the way `socket`; 0: any
    Way way = Way::socket;
    std::string address{}; ///< that it is to have on the way `gige`
};

/// What a place gives to the instrument on it. It outlives the instrument.
struct Site {
    /// That it has on the way `socket`, and is reserved for it on all others too: serial numbers
    /// contain it, so that no two on the machine are the same.
    std::uint16_t port = 0;
    Activity* activity = nullptr;
    Misbehaviour* misbehaviour = nullptr;
};

/// Variables of the environment with their values.
using Environment = std::vector<std::pair<std::string, std::string>>;

/// Instruments, and the physics between them. Thread rule: the bench's thread, but for construction
/// and `config`.
class Equipment {
  public:
    Equipment() = default;
    Equipment(const Equipment&) = delete;
    Equipment& operator=(const Equipment&) = delete;
    virtual ~Equipment() = default;

    /// In the order of the plan's places.
    [[nodiscard]] virtual std::vector<Instrument*> instruments() = 0;
    /// The configuration file with which phylld finds them, given their addresses.
    [[nodiscard]] virtual std::string config(const std::vector<std::string>& addresses) const = 0;
    /// With which other programs find what is not an instrument of phylld's.
    [[nodiscard]] virtual Environment environment() const { return {}; }
};

/// What a bench is to be.
class Plan {
  public:
    Plan() = default;
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;
    virtual ~Plan() = default;

    /// Time that every message takes before the instrument acts.
    [[nodiscard]] virtual Seconds transfer_time() const = 0;
    [[nodiscard]] virtual std::vector<Place> places() const = 0;
    /// Throws INVALID_ARGUMENT when it cannot be built so.
    [[nodiscard]] virtual std::unique_ptr<Equipment>
    build(Loop& loop, const std::vector<Site>& sites) const = 0;
};

/// An instrument and what it did so far.
struct InstrumentStatus {
    std::string name;
    std::string identity;
    std::string address;
    std::size_t connections = 0; ///< now
    std::uint64_t messages = 0;
    std::size_t errors = 0; ///< in its queue
    Seconds busy{0};        ///< with messages and records, since the statistics were reset
    std::vector<Figure> figures;
    std::vector<Output> outputs;
};

struct BenchStatus {
    std::vector<InstrumentStatus> instruments{};
    Seconds all{0};     ///< since the statistics were reset
    Seconds waiting{0}; ///< of those, while somebody was connected and no instrument was busy
};

/// A bench that runs. All members may be called from any thread but the bench's own.
class Bench {
  public:
    /// Starts to serve. Throws UNAVAILABLE when a port is taken, or when USB devices cannot be
    /// emulated in this process.
    explicit Bench(const Plan& plan);
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    /// Closes everything; what an instrument was busy with does not happen.
    ~Bench();

    /// VISA resource strings, in the order of the plan's places.
    [[nodiscard]] const std::vector<std::string>& addresses() const noexcept { return addresses_; }
    /// Text of a configuration file for phylld.
    [[nodiscard]] std::string config() const;
    /// With which other programs find those of its instruments that are USB devices, and its sound
    /// server; empty when there is none.
    [[nodiscard]] Environment environment() const;

    [[nodiscard]] BenchStatus status();
    /// Of one instrument. Throws NOT_FOUND naming those that there are.
    [[nodiscard]] InstrumentStatus status(const std::string& instrument);
    /// Messages that came to an instrument so far.
    [[nodiscard]] std::uint64_t messages(const std::string& instrument);
    void reset_statistics();
    /// Throws NOT_FOUND, or INVALID_ARGUMENT about what is ordered.
    void misbehave(const std::string& instrument, const Misbehave& order);
    /// Ends all misbehaviour of an instrument.
    void release(const std::string& instrument);

  private:
    struct Stand;

    [[nodiscard]] std::unique_ptr<WayServer> server_for(const Place& place, Stand& stand);
    [[nodiscard]] Stand& find(const std::string& instrument);
    [[nodiscard]] InstrumentStatus status_of(Stand& stand) const;

    SystemClock clock_;
    Waiting waiting_;
    Loop loop_;
    std::unique_ptr<usb::UsbBus> usb_; ///< where something stands that is a USB device
    std::vector<std::unique_ptr<Stand>> stands_;
    std::unique_ptr<Equipment> equipment_;
    std::vector<std::string> addresses_;
};

} // namespace phyll::bench
