#include "drivers/transports/usbtmc/usb_loop.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace phyll::transports::usbtmc {
namespace {

/// How long a wait goes on without a look at the clock, which need not run with real time.
constexpr timeval between_looks{.tv_sec = 0, .tv_usec = 20'000};
/// How long a cancelled transfer may take to be over. The kernel ends it at once.
constexpr std::chrono::seconds for_cancelling{2};

void LIBUSB_CALL note_over(libusb_transfer* transfer) {
    *static_cast<int*>(transfer->user_data) = 1;
}

[[noreturn]] void fail(std::string_view what, std::string_view why) {
    throw Error(Code::unavailable, fmt::format("it did not {}: {}", what, why));
}

/// The error that a transfer's end amounts to.
int error_of(libusb_transfer_status status) noexcept {
    switch (status) {
    case LIBUSB_TRANSFER_NO_DEVICE:
        return LIBUSB_ERROR_NO_DEVICE;
    case LIBUSB_TRANSFER_OVERFLOW:
        return LIBUSB_ERROR_OVERFLOW;
    case LIBUSB_TRANSFER_CANCELLED:
        return LIBUSB_ERROR_INTERRUPTED;
    default:
        return LIBUSB_ERROR_IO;
    }
}

} // namespace

UsbTransfer::UsbTransfer(std::size_t bytes, std::size_t before)
    : before_(before),
      size_(bytes),
      buffer_(std::make_unique_for_overwrite<unsigned char[]>(before + bytes)),
      transfer_(libusb_alloc_transfer(0)) {
    if (!transfer_) {
        throw std::bad_alloc();
    }
}

UsbTransfer::UsbTransfer(libusb_device_handle* device, std::uint8_t endpoint, std::size_t bytes,
                         std::chrono::milliseconds most)
    : UsbTransfer(bytes, 0) {
    libusb_fill_bulk_transfer(transfer_.get(), device, endpoint, buffer_.get(),
                              static_cast<int>(bytes), note_over, &over_,
                              static_cast<unsigned>(most.count()));
}

UsbTransfer::UsbTransfer(libusb_device_handle* device, const ControlRequest& request)
    : UsbTransfer(request.length, LIBUSB_CONTROL_SETUP_SIZE) {
    libusb_fill_control_setup(buffer_.get(), request.type, request.request, request.value,
                              request.index, request.length);
    libusb_fill_control_transfer(transfer_.get(), device, buffer_.get(), note_over, &over_, 0);
}

std::span<std::byte> UsbTransfer::bytes() noexcept {
    return std::as_writable_bytes(std::span(buffer_.get() + before_, size_));
}

void UsbLoop::start() {
    libusb_context* context = nullptr;
    if (const int error = libusb_init(&context); error != 0) {
        throw Error(Code::unavailable, fmt::format("USB cannot be used: {}", in_words(error)));
    }
    const std::lock_guard lock(mutex_);
    context_.reset(context); // the new one listens before the old one ends
}

void UsbLoop::stop() noexcept {
    given_up_.clear();
}

void UsbLoop::check_may_begin(const Patience& patience) const {
    if (gate_.is_shut()) {
        throw Error(Code::unavailable, "it was shut");
    }
    if (patience.stop.stop_requested()) {
        throw Error(Code::cancelled, "stopped");
    }
}

Moved UsbLoop::run(std::unique_ptr<UsbTransfer>& transfer, std::string_view what,
                   const Patience& patience) {
    check_may_begin(patience);
    if (const int error = libusb_submit_transfer(&transfer->get()); error != 0) {
        fail(what, in_words(error));
    }
    bool late = false;
    if (!await(*transfer, late, patience)) {
        given_up_.push_back(std::move(transfer));
        fail(what, "a transfer does not end, though it was cancelled");
    }
    const libusb_transfer& done = transfer->get();
    const auto bytes = static_cast<std::size_t>(done.actual_length);
    if (done.status == LIBUSB_TRANSFER_COMPLETED || done.status == LIBUSB_TRANSFER_TIMED_OUT) {
        return {.bytes = bytes, .stalled = false};
    }
    if (done.status == LIBUSB_TRANSFER_STALL) {
        return {.bytes = bytes, .stalled = true};
    }
    if (done.status == LIBUSB_TRANSFER_CANCELLED) {
        check_may_begin(patience);
        if (late) {
            throw Error(Code::deadline_exceeded, fmt::format("it did not {} in time", what));
        }
    }
    fail(what, in_words(error_of(done.status)));
}

bool UsbLoop::await(UsbTransfer& transfer, bool& late, const Patience& patience) {
    const std::stop_callback stop(patience.stop, [this] { wake(); });
    std::chrono::steady_clock::time_point last = std::chrono::steady_clock::time_point::max();
    while (!transfer.over() && std::chrono::steady_clock::now() < last) {
        late = late || patience.deadline.passed(clock_);
        const bool is_to_end = late || gate_.is_shut() || patience.stop.stop_requested();
        if (is_to_end && last == std::chrono::steady_clock::time_point::max()) {
            libusb_cancel_transfer(&transfer.get());
            last = std::chrono::steady_clock::now() + for_cancelling;
        }
        timeval slice = between_looks;
        libusb_handle_events_timeout_completed(context_.get(), &slice, transfer.over_flag());
    }
    return transfer.over();
}

void UsbLoop::look() const noexcept {
    if (context_) {
        timeval at_once{};
        libusb_handle_events_timeout_completed(context_.get(), &at_once, nullptr);
    }
}

void UsbLoop::wake() noexcept {
    const std::lock_guard lock(mutex_);
    if (context_) {
        libusb_interrupt_event_handler(context_.get());
    }
}

std::string_view in_words(int error) noexcept {
    switch (error) {
    case LIBUSB_ERROR_NO_DEVICE:
    case LIBUSB_ERROR_NOT_FOUND:
        return "it is not there any more; is it switched on and plugged in?";
    case LIBUSB_ERROR_ACCESS:
        return "this user may not use it; install phylld's udev rules and add the user to the "
               "group phylld";
    case LIBUSB_ERROR_BUSY:
        return "another program holds it, such as a VISA library; close that one";
    case LIBUSB_ERROR_OVERFLOW:
        return "it sent more than it was asked for";
    case LIBUSB_ERROR_PIPE:
        return "it refused the request";
    case LIBUSB_ERROR_IO:
        return "the bus reports an error; look at cable and hub";
    default:
        return libusb_strerror(error);
    }
}

} // namespace phyll::transports::usbtmc
