#pragma once

#include "sim/bench/server/loop.hpp"
#include "sim/bench/usb/fifo.hpp"
#include "sim/bench/usb/glib.hpp"
#include "sim/bench/usb/usb_device.hpp"
#include "sim/bench/usb/usbfs.hpp"

#include <umockdev.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace phyll::bench::usb {

/// Where a device is on the bus.
struct Spot {
    unsigned port = 0;   ///< of the root hub; the same for as long as the bench runs
    unsigned number = 0; ///< another one each time that it is plugged in
};

/// A device as it is plugged in: its folder in sysfs, its node, and the ioctls on that. Whoever has
/// the node open keeps being answered after the device is gone. Thread rule: the bench's thread;
/// umockdev's thread hands over to it.
class UsbNode {
  public:
    /// Plugs it in, and lets udev say so. The testbed outlives all calls. Throws UNAVAILABLE when
    /// it cannot. `seen` is told of each client that opens the node, and that has closed it.
    UsbNode(Loop& loop, UMockdevTestbed* testbed, Spot spot, UsbDevice& device,
            std::function<void(int)> seen);
    UsbNode(const UsbNode&) = delete;
    UsbNode& operator=(const UsbNode&) = delete;
    /// The testbed is gone.
    ~UsbNode() = default;

    [[nodiscard]] Usbfs& usbfs() noexcept { return usbfs_; }
    [[nodiscard]] const Usbfs& usbfs() const noexcept { return usbfs_; }
    [[nodiscard]] const Spot& spot() const noexcept { return spot_; }
    /// Pulls the plug.
    void unplug();
    /// From now on clients are answered without the bench's thread, which is about to end. Of a
    /// device that was unplugged; on any other thread.
    void leave_loop();

  private:
    struct Answer {
        long result = 0;
        int error = 0;
    };

    static gboolean on_ioctl(UMockdevIoctlBase* base, UMockdevIoctlClient* client, gpointer self);
    static void on_connected(UMockdevIoctlBase* base, UMockdevIoctlClient* client, gpointer self);
    static void on_gone(gpointer self, GObject* client);

    void attach();
    void enter_sysfs();
    void on_loop(std::function<void()> act);
    void serve(UMockdevIoctlClient* client);
    [[nodiscard]] Answer answer(UMockdevIoctlClient* client);
    [[nodiscard]] Answer submit(File file, UMockdevIoctlData* argument);
    [[nodiscard]] Answer reap(File file, UMockdevIoctlData* argument);
    [[nodiscard]] Answer nested(UMockdevIoctlData* argument);
    [[nodiscard]] Answer disconnect_and_claim(File file, UMockdevIoctlData* argument);
    [[nodiscard]] Answer get_driver(UMockdevIoctlData* argument) const;

    Loop& loop_;
    UMockdevTestbed* testbed_;
    Spot spot_;
    UsbDevice& device_;
    std::function<void(int)> seen_;
    std::string node_; ///< "/dev/bus/usb/001/005"
    Usbfs usbfs_;
    std::optional<Fifo> fifo_;
    GRef<UMockdevIoctlBase> base_;
    std::mutex gate_; ///< of all that clients set off
    std::mutex leaving_;
    bool without_loop_ = false; ///< under leaving_
};

} // namespace phyll::bench::usb
