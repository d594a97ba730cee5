#pragma once

#include "sim/bench/server/bench.hpp"
#include "sim/bench/server/loop.hpp"
#include "sim/bench/usb/usb_node.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace phyll::bench::usb {

/// What programs are preloaded with.
inline constexpr const char* preload_library = "libumockdev-preload.so.0";

/// Whether this process is.
[[nodiscard]] bool preloaded();

/// A USB bus that programs see when they run with `environment()`, and this process too. There can
/// be one at a time in a process, which itself must run with libumockdev-preload: without, nobody
/// would hear of devices that come and go. Thread rule: the bench's thread while that runs.
class UsbBus {
  public:
    /// Throws UNAVAILABLE when this process does not run with libumockdev-preload.
    explicit UsbBus(Loop& loop);
    UsbBus(const UsbBus&) = delete;
    UsbBus& operator=(const UsbBus&) = delete;
    /// All devices are unplugged, and the loop has ended. Gives clients a moment to close what they
    /// have open: they would not survive that nobody answers.
    ~UsbBus();

    [[nodiscard]] Environment environment() const;
    /// A port of its own for a device.
    [[nodiscard]] unsigned next_port() noexcept { return ++ports_; }
    /// Plugs a device in at its port.
    [[nodiscard]] UsbNode& plug(unsigned port, UsbDevice& device);
    /// All devices are unplugged, and the bench's thread is about to end. On any other thread.
    void leave_loop();

  private:
    void seen(int change);

    Loop& loop_;
    std::vector<std::unique_ptr<UsbNode>> nodes_; ///< outlive the testbed, whose thread calls them
    GRef<UMockdevTestbed> testbed_;
    unsigned ports_ = 0;
    unsigned number_ = 1; ///< the root hub's
    std::mutex mutex_;
    std::condition_variable changed_;
    int clients_ = 0; ///< nodes that are open
};

} // namespace phyll::bench::usb
