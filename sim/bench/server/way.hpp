#pragma once

#include "drivers/core/clock.hpp"
#include "sim/bench/server/instrument.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace phyll::bench {

/// The ways on which clients come to an instrument.
enum class Way {
    socket, ///< raw SCPI over TCP
    usbtmc, ///< SCPI over an emulated USB device
    serial, ///< bytes over a pseudo-terminal
    gige    ///< GigE Vision, which Aravis serves
};

/// Lets clients come to one instrument on one of the ways. Thread rule: the bench's thread, but for
/// construction, destruction, `address`, `start` and `stop`.
class WayServer {
  public:
    WayServer() = default;
    WayServer(const WayServer&) = delete;
    WayServer& operator=(const WayServer&) = delete;
    /// The loop has ended.
    virtual ~WayServer() = default;

    /// VISA resource string, or IP address of a camera; the same for as long as it lives.
    [[nodiscard]] virtual std::string address() const = 0;
    /// Begins to let clients in; once, before the loop runs. Throws UNAVAILABLE when it cannot.
    virtual void start() = 0;
    /// The last that is called while the loop runs, on another thread: what clients would not
    /// survive without a word.
    virtual void stop() {}
    /// Connections now.
    [[nodiscard]] virtual std::size_t connections() const = 0;
    /// The power went, or the plug was pulled: no client is connected any more, and none can come
    /// for so long.
    virtual void go_offline(Seconds off) = 0;
    /// What there is to say of the way itself; comes after the instrument's own figures.
    [[nodiscard]] virtual std::vector<Figure> figures() const { return {}; }
};

} // namespace phyll::bench
