#pragma once

#include "sim/bench/usb/urb.hpp"
#include "sim/bench/usb/usb_device.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>

namespace phyll::bench::usb {

/// What Linux does between a device and the programs that have its node open: who has claimed the
/// interface, the kernel's own driver on it, transfers that wait, and those that are done. What it
/// is asked for returns 0 or an errno. One for each time that the device is plugged in. Thread
/// rule: the bench's thread.
class Usbfs {
  public:
    explicit Usbfs(UsbDevice& device) : device_(device) {}

    /// Called whenever it changes whether a transfer is done that nobody has reaped.
    void on_reapable(std::function<void(bool)> tell) { tell_reapable_ = std::move(tell); }
    /// Called when the interface is claimed or let go: by whom else than the kernel's driver.
    void on_claimed(std::function<void(bool)> tell) { tell_claimed_ = std::move(tell); }

    /// Nobody has that file open any more; what it submitted is forgotten.
    void close(File file);
    [[nodiscard]] int claim(File file);
    [[nodiscard]] int release(File file);
    [[nodiscard]] int submit(const std::shared_ptr<Urb>& urb);
    /// It is done then, with ENOENT.
    [[nodiscard]] int discard(File file, std::uint64_t address);
    /// The next that is done of what that file submitted; nothing: none is. Also when unplugged.
    [[nodiscard]] std::shared_ptr<Urb> reap(File file);
    [[nodiscard]] int clear_halt(std::uint8_t endpoint);
    [[nodiscard]] int reset();

    /// "usbtmc", "usbfs", or nullptr when there is none.
    [[nodiscard]] const char* driver() const;
    [[nodiscard]] bool has_kernel_driver() const noexcept { return kernel_driver_; }
    /// The kernel's driver lets go of the interface; ENODATA when it has not got it.
    [[nodiscard]] int disconnect_driver();
    /// The kernel looks for a driver, and finds usbtmc.
    [[nodiscard]] int connect_driver();

    /// The device may have something to say to whoever waits.
    void pump();
    /// It is gone: everything that waits is done, with ESHUTDOWN.
    void unplug();
    [[nodiscard]] bool plugged() const noexcept { return plugged_; }

  private:
    void done(const std::shared_ptr<Urb>& urb, int status);
    [[nodiscard]] bool advance();
    void let_go();
    [[nodiscard]] int may_use_interface(const Urb& urb);
    void tell();

    UsbDevice& device_;
    std::function<void(bool)> tell_reapable_ = [](bool) {};
    std::function<void(bool)> tell_claimed_ = [](bool) {};
    std::deque<std::shared_ptr<Urb>> pending_;
    std::deque<std::shared_ptr<Urb>> done_;
    File claimed_by_ = nullptr;
    bool kernel_driver_ = true;
    bool plugged_ = true;
    bool reapable_ = false;
    bool pumping_ = false;
};

} // namespace phyll::bench::usb
