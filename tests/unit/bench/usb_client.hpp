#pragma once

#include <libusb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace phyll::test {

/// A client of libusb, and as much of USBTMC as tests need.
class UsbClient {
  public:
    UsbClient();
    UsbClient(const UsbClient&) = delete;
    UsbClient& operator=(const UsbClient&) = delete;
    ~UsbClient();

    /// Opens the device of these ids and claims its interface, taking it from the kernel's driver;
    /// LIBUSB_SUCCESS or what is wrong.
    int open(std::uint16_t vendor, std::uint16_t product);
    /// Gives the interface back.
    void close();
    [[nodiscard]] std::string string(std::uint8_t index);
    [[nodiscard]] int device_number() const;
    [[nodiscard]] bool kernel_driver() const;

    int write(const std::string& text);
    int ask(std::uint32_t most);
    /// What one transfer has; whether it is the last goes into `end`.
    int read(std::string& text, bool& end, unsigned timeout_ms = 5000);
    /// The reply to a query, without its end, in as many transfers as it takes.
    [[nodiscard]] std::string query(const std::string& message, std::uint32_t most = 1U << 20U);
    /// A class request; its answer.
    [[nodiscard]] std::vector<std::uint8_t> request(std::uint8_t recipient, std::uint8_t number,
                                                    std::uint16_t value, std::uint16_t index,
                                                    std::uint16_t length);
    int clear_halt(std::uint8_t endpoint);
    [[nodiscard]] std::uint8_t last_tag() const noexcept { return tag_; }

    /// How often the device came and left since this was made; those that were there came.
    [[nodiscard]] int arrivals() const noexcept { return arrivals_; }
    [[nodiscard]] int departures() const noexcept { return departures_; }
    void handle_events();

    /// A read that waits for something to be said.
    void submit_read();
    /// How it ended; -1 while it has not.
    [[nodiscard]] int read_status() const noexcept { return read_status_; }

  private:
    int send(std::vector<std::uint8_t> bytes);

    libusb_context* context_ = nullptr;
    libusb_device_handle* handle_ = nullptr;
    libusb_transfer* transfer_ = nullptr;
    std::vector<unsigned char> buffer_;
    std::uint8_t tag_ = 0;
    int arrivals_ = 0;
    int departures_ = 0;
    int read_status_ = -1;
};

} // namespace phyll::test
