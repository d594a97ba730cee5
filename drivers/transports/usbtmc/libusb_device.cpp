#include "drivers/transports/usbtmc/libusb_device.hpp"

#include "drivers/core/error.hpp"
#include "drivers/transports/gate.hpp"
#include "drivers/transports/usbtmc/usb_loop.hpp"
#include "drivers/transports/usbtmc/usb_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

namespace phyll::transports::usbtmc {
namespace {

/// How long one waits for bytes that may be left in the device.
constexpr std::chrono::milliseconds for_what_is_left{100};

class LibusbDevice final : public UsbDevice {
  public:
    LibusbDevice(UsbAddress address, const Clock& clock)
        : address_(std::move(address)), clock_(clock), loop_(gate_, clock) {}
    ~LibusbDevice() override { release(); }

    void open(const Patience& patience) override;
    [[nodiscard]] bool is_open() noexcept override;
    void close() noexcept override;
    [[nodiscard]] Interface interface() const noexcept override { return interface_; }
    [[nodiscard]] Moved send(std::span<const std::byte> bytes, const Patience& patience) override;
    [[nodiscard]] Moved receive(std::span<std::byte> into, const Patience& patience) override;
    [[nodiscard]] Moved receive_left(std::span<std::byte> into, const Patience& patience) override;
    [[nodiscard]] Moved control(const ControlRequest& request, std::span<std::byte> into,
                                const Patience& patience) override;
    void clear_halt(Bulk endpoint, const Patience& patience) override;
    void shut() noexcept override {
        gate_.shut([this] { loop_.wake(); }, [this] { release(); });
    }
    [[nodiscard]] bool is_shut() const noexcept override { return gate_.is_shut(); }

  private:
    static int LIBUSB_CALL note_left(libusb_context* context, libusb_device* device,
                                     libusb_hotplug_event event, void* self);
    Moved receive_for(std::span<std::byte> into, std::chrono::milliseconds most,
                      const Patience& patience);
    void claim();
    void watch();
    void release() noexcept;
    /// Runs a transfer on the open device, which is closed when that fails.
    Moved run(std::unique_ptr<UsbTransfer>& transfer, std::string_view what,
              const Patience& patience);
    void require_open() const;
    /// Is kept while something is done with the device: `shut` comes from other threads.
    [[nodiscard]] auto in_use() {
        return Gate::Use(gate_, [this] { release(); });
    }

    const UsbAddress address_;
    const Clock& clock_;
    Gate gate_;
    UsbLoop loop_;
    Handle handle_;
    Interface interface_;
    bool claimed_ = false;
    std::atomic<bool> left_ = false;
};

void LibusbDevice::open(const Patience& patience) {
    const auto use = in_use();
    release();
    loop_.check_may_begin(patience);
    loop_.start();
    try {
        handle_ = find_device(loop_, address_, clock_, patience);
        interface_ = find_interface(handle_.get(), address_);
        claim();
        watch();
    } catch (...) {
        release();
        throw;
    }
}

void LibusbDevice::claim() {
    // Where the platform has no such drivers there is nothing to detach.
    libusb_set_auto_detach_kernel_driver(handle_.get(), 1);
    if (const int error = libusb_claim_interface(handle_.get(), interface_.number); error != 0) {
        throw Error(Code::unavailable, fmt::format("it cannot be claimed: {}", in_words(error)));
    }
    claimed_ = true;
}

void LibusbDevice::watch() {
    left_ = false;
    if (libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG) != 0) {
        // Where this fails, the next transfer says that the device is gone.
        libusb_hotplug_register_callback(loop_.context(), LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
                                         address_.vendor, address_.product,
                                         LIBUSB_HOTPLUG_MATCH_ANY, note_left, this, nullptr);
    }
}

int LIBUSB_CALL LibusbDevice::note_left(libusb_context* /*context*/, libusb_device* device,
                                        libusb_hotplug_event /*event*/, void* self) {
    auto& it = *static_cast<LibusbDevice*>(self);
    if (it.handle_ && libusb_get_device(it.handle_.get()) == device) {
        it.left_ = true;
    }
    return 0;
}

bool LibusbDevice::is_open() noexcept {
    const auto use = in_use();
    loop_.look();
    return handle_ != nullptr && !left_ && !gate_.is_shut();
}

void LibusbDevice::close() noexcept {
    const auto use = in_use();
    release();
}

void LibusbDevice::release() noexcept {
    if (claimed_) {
        libusb_release_interface(handle_.get(), interface_.number); // the kernel's driver is back
    }
    claimed_ = false;
    handle_.reset();
    loop_.stop();
}

Moved LibusbDevice::send(std::span<const std::byte> bytes, const Patience& patience) {
    const auto use = in_use();
    require_open();
    auto transfer = std::make_unique<UsbTransfer>(handle_.get(), interface_.out, bytes.size());
    std::ranges::copy(bytes, transfer->bytes().begin());
    return run(transfer, "take a message", patience);
}

Moved LibusbDevice::receive(std::span<std::byte> into, const Patience& patience) {
    return receive_for(into, std::chrono::milliseconds(0), patience);
}

Moved LibusbDevice::receive_left(std::span<std::byte> into, const Patience& patience) {
    return receive_for(into, for_what_is_left, patience);
}

Moved LibusbDevice::receive_for(std::span<std::byte> into, std::chrono::milliseconds most,
                                const Patience& patience) {
    const auto use = in_use();
    require_open();
    auto transfer = std::make_unique<UsbTransfer>(handle_.get(), interface_.in, into.size(), most);
    const Moved moved = run(transfer, "answer", patience);
    std::ranges::copy(transfer->bytes().first(moved.bytes), into.begin());
    return moved;
}

Moved LibusbDevice::control(const ControlRequest& request, std::span<std::byte> into,
                            const Patience& patience) {
    const auto use = in_use();
    require_open();
    auto transfer = std::make_unique<UsbTransfer>(handle_.get(), request);
    const Moved moved = run(transfer, "answer a control request", patience);
    std::ranges::copy(transfer->bytes().first(moved.bytes), into.begin());
    return moved;
}

Moved LibusbDevice::run(std::unique_ptr<UsbTransfer>& transfer, std::string_view what,
                        const Patience& patience) {
    try {
        return loop_.run(transfer, what, patience);
    } catch (const Error& error) {
        if (error.code() == Code::unavailable) {
            transfer.reset(); // while there is the context that it belongs to
            release();
        }
        throw;
    }
}

void LibusbDevice::clear_halt(Bulk endpoint, const Patience& patience) {
    const auto use = in_use();
    require_open();
    loop_.check_may_begin(patience);
    const int error =
        libusb_clear_halt(handle_.get(), endpoint == Bulk::out ? interface_.out : interface_.in);
    if (error != 0) {
        release();
        throw Error(Code::unavailable,
                    fmt::format("a halted endpoint cannot be cleared: {}", in_words(error)));
    }
}

void LibusbDevice::require_open() const {
    if (!handle_) {
        throw Error(Code::unavailable, gate_.is_shut() ? "it was shut" : "it is not connected");
    }
}

} // namespace

std::unique_ptr<UsbDevice> make_libusb_device(UsbAddress address, const Clock& clock) {
    return std::make_unique<LibusbDevice>(std::move(address), clock);
}

} // namespace phyll::transports::usbtmc
