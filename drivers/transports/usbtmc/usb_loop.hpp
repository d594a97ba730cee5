#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/transports/gate.hpp"
#include "drivers/transports/patience.hpp"
#include "drivers/transports/usbtmc/usb_device.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include <libusb.h>

namespace phyll::transports::usbtmc {

/// An asynchronous transfer with its own bytes, which must stay until it is over.
class UsbTransfer {
  public:
    /// On a bulk endpoint; `bytes` of room. It is over, with what was moved, after `most` of real
    /// time; 0: never.
    UsbTransfer(libusb_device_handle* device, std::uint8_t endpoint, std::size_t bytes,
                std::chrono::milliseconds most = std::chrono::milliseconds(0));
    /// On the control endpoint.
    UsbTransfer(libusb_device_handle* device, const ControlRequest& request);

    [[nodiscard]] std::span<std::byte> bytes() noexcept;
    [[nodiscard]] libusb_transfer& get() noexcept { return *transfer_; }
    [[nodiscard]] bool over() const noexcept { return over_ != 0; }
    /// For libusb, which looks at it while it waits.
    [[nodiscard]] int* over_flag() noexcept { return &over_; }

  private:
    struct Free {
        void operator()(libusb_transfer* transfer) const noexcept {
            libusb_free_transfer(transfer);
        }
    };

    UsbTransfer(std::size_t bytes, std::size_t before);

    std::size_t before_; ///< bytes of a control transfer's setup
    std::size_t size_;
    std::unique_ptr<unsigned char[]> buffer_;
    std::unique_ptr<libusb_transfer, Free> transfer_;
    int over_ = 0;
};

/// A libusb context and the waiting on it, by whoever waits. Only libusb's own device includes this
/// header. Thread rule: one caller at a time, but for `wake`.
class UsbLoop {
  public:
    /// Both outlive it; the gate is what ends a wait for good.
    UsbLoop(const Gate& gate, const Clock& clock) : gate_(gate), clock_(clock) {}

    /// Makes a context that knows the devices that are there now. Throws UNAVAILABLE.
    void start();
    /// All of the context's devices are closed before. It stays until the next start: who listened
    /// for plugs and then did not, while an emulated bus spoke to him, would end that bus's
    /// program.
    void stop() noexcept;
    [[nodiscard]] libusb_context* context() const noexcept { return context_.get(); }

    /// Throws where something would not even begin.
    void check_may_begin(const Patience& patience) const;

    /// Submits a transfer and waits until it is over, however that is; a deadline, a request to
    /// stop and the gate cancel it, and are thrown. `what` is for messages ("answer"). What fails
    /// is UNAVAILABLE: then the device has to be closed before anything else.
    [[nodiscard]] Moved run(std::unique_ptr<UsbTransfer>& transfer, std::string_view what,
                            const Patience& patience);

    /// Takes note of what happened meanwhile, without waiting.
    void look() const noexcept;
    /// Makes whoever waits look at once what there is to end for.
    void wake() noexcept;

  private:
    struct Exit {
        void operator()(libusb_context* context) const noexcept { libusb_exit(context); }
    };

    /// Waits, and cancels what has to end; whether it was over in the end.
    [[nodiscard]] bool await(UsbTransfer& transfer, bool& late, const Patience& patience);

    const Gate& gate_;
    const Clock& clock_;
    std::mutex mutex_; ///< keeps the context while others wake it
    std::unique_ptr<libusb_context, Exit> context_;
    std::vector<std::unique_ptr<UsbTransfer>>
        given_up_; ///< may be written to until the device is closed
};

/// What libusb's word for an error means here.
[[nodiscard]] std::string_view in_words(int error) noexcept;

} // namespace phyll::transports::usbtmc
