#include "tests/unit/bench/usb_client.hpp"

#include "tests/unit/bench/usbtmc_bytes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <sys/time.h>

namespace phyll::test {
namespace {

constexpr unsigned char bulk_out = 0x02;
constexpr unsigned char bulk_in = 0x81;
constexpr unsigned timeout_ms = 5000;
constexpr std::size_t header_size = 12;

} // namespace

UsbClient::UsbClient() : buffer_(std::size_t{2} << 20U) {
    REQUIRE(libusb_init(&context_) == LIBUSB_SUCCESS);
    transfer_ = libusb_alloc_transfer(0);
    const auto seen = [](libusb_context*, libusb_device*, libusb_hotplug_event event,
                         void* self) -> int {
        auto& client = *static_cast<UsbClient*>(self);
        ++(event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED ? client.arrivals_ : client.departures_);
        return 0;
    };
    REQUIRE(libusb_hotplug_register_callback(
                context_, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
                LIBUSB_HOTPLUG_ENUMERATE, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
                LIBUSB_HOTPLUG_MATCH_ANY, seen, this, nullptr) == LIBUSB_SUCCESS);
}

UsbClient::~UsbClient() {
    close();
    libusb_free_transfer(transfer_);
    libusb_exit(context_);
}

int UsbClient::open(std::uint16_t vendor, std::uint16_t product) {
    handle_ = libusb_open_device_with_vid_pid(context_, vendor, product);
    if (handle_ == nullptr) {
        return LIBUSB_ERROR_NOT_FOUND;
    }
    libusb_set_auto_detach_kernel_driver(handle_, 1);
    return libusb_claim_interface(handle_, 0);
}

void UsbClient::close() {
    if (handle_ != nullptr) {
        libusb_release_interface(handle_, 0);
        libusb_close(handle_);
        handle_ = nullptr;
    }
}

std::string UsbClient::string(std::uint8_t index) {
    std::array<unsigned char, 128> text{};
    const int size = libusb_get_string_descriptor_ascii(handle_, index, text.data(), text.size());
    return size < 0 ? "" : std::string(text.begin(), text.begin() + size);
}

int UsbClient::device_number() const {
    return libusb_get_device_address(libusb_get_device(handle_));
}

bool UsbClient::kernel_driver() const {
    return libusb_kernel_driver_active(handle_, 0) == 1;
}

int UsbClient::send(std::vector<std::uint8_t> bytes) {
    int went = 0;
    const int error = libusb_bulk_transfer(handle_, bulk_out, bytes.data(),
                                           static_cast<int>(bytes.size()), &went, timeout_ms);
    REQUIRE((error != LIBUSB_SUCCESS || went == static_cast<int>(bytes.size())));
    return error;
}

int UsbClient::write(const std::string& text) {
    tag_ = static_cast<std::uint8_t>(tag_ % 255 + 1);
    return send(message(tag_, text));
}

int UsbClient::ask(std::uint32_t most) {
    tag_ = static_cast<std::uint8_t>(tag_ % 255 + 1);
    return send(request_in(tag_, most));
}

int UsbClient::read(std::string& text, bool& end, unsigned timeout) {
    int came = 0;
    const int error = libusb_bulk_transfer(handle_, bulk_in, buffer_.data(),
                                           static_cast<int>(buffer_.size()), &came, timeout);
    if (error != LIBUSB_SUCCESS || came == 0) {
        text.clear();
        return error;
    }
    REQUIRE(came >= static_cast<int>(header_size));
    REQUIRE(buffer_[0] == 2);
    REQUIRE(buffer_[1] == tag_);
    const std::size_t size = buffer_[4] + 256U * buffer_[5] + 65536U * buffer_[6];
    REQUIRE(static_cast<std::size_t>(came) == (header_size + size + 3) / 4 * 4);
    const auto begin = buffer_.begin() + header_size;
    text.assign(begin, begin + static_cast<std::ptrdiff_t>(size));
    end = (buffer_[8] & 1U) != 0;
    return error;
}

std::string UsbClient::query(const std::string& message, std::uint32_t most) {
    REQUIRE(write(message) == LIBUSB_SUCCESS);
    std::string reply;
    for (bool end = false; !end;) {
        REQUIRE(ask(most) == LIBUSB_SUCCESS);
        std::string part;
        REQUIRE(read(part, end) == LIBUSB_SUCCESS);
        reply += part;
    }
    REQUIRE(reply.ends_with('\n'));
    reply.pop_back();
    return reply;
}

std::vector<std::uint8_t> UsbClient::request(std::uint8_t recipient, std::uint8_t number,
                                             std::uint16_t value, std::uint16_t index,
                                             std::uint16_t length) {
    std::vector<std::uint8_t> answer(length);
    constexpr unsigned in_of_class = 0xA0;
    const int size =
        libusb_control_transfer(handle_, static_cast<std::uint8_t>(in_of_class | recipient), number,
                                value, index, answer.data(), length, timeout_ms);
    answer.resize(static_cast<std::size_t>(std::max(size, 0)));
    return answer;
}

int UsbClient::clear_halt(std::uint8_t endpoint) {
    return libusb_clear_halt(handle_, endpoint);
}

void UsbClient::handle_events() {
    timeval soon{.tv_sec = 0, .tv_usec = 10000};
    REQUIRE(libusb_handle_events_timeout_completed(context_, &soon, nullptr) == LIBUSB_SUCCESS);
}

void UsbClient::submit_read() {
    read_status_ = -1;
    libusb_fill_bulk_transfer(
        transfer_, handle_, bulk_in, buffer_.data(), static_cast<int>(buffer_.size()),
        [](libusb_transfer* transfer) {
            static_cast<UsbClient*>(transfer->user_data)->read_status_ = transfer->status;
        },
        this, 0);
    REQUIRE(libusb_submit_transfer(transfer_) == LIBUSB_SUCCESS);
}

} // namespace phyll::test
