#include "drivers/transports/serial_port.hpp"

#include "drivers/transports/asio_port.hpp"
#include "drivers/transports/serial_line.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace phyll::transports {
namespace {

/// Not asio::serial_port, which takes only speeds that have a name.
using Stream = boost::asio::posix::stream_descriptor;

std::string why_not(int error) {
    std::string why = std::system_category().message(error);
    switch (error) {
    case EACCES:
    case EPERM:
        return why + "; add the user that phylld runs as to the device file's group, dialout";
    case EBUSY:
        return why + "; another program holds the line, such as ModemManager or a terminal";
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return why + "; is the adapter plugged in?";
    case ENOTTY:
        return why + "; the path names no serial line";
    default:
        return why;
    }
}

class SerialPort final : public AsioPort<Stream> {
  public:
    SerialPort(std::string resource, SerialAddress address, const SerialSettings& settings,
               const Clock& clock, TrafficLog& log, Logged logged)
        : AsioPort(std::move(resource), clock, log, logged),
          address_(std::move(address)),
          settings_(settings) {}

    /// Closes it as the base would, where SerialPort is still there for `before_close`.
    ~SerialPort() override { disconnect(); }

    void discard() noexcept override {
        const auto use = in_use();
        if (stream().is_open()) {
            drop_input(stream().native_handle());
        }
    }
    void clear(const Patience& patience) override {
        const auto use = in_use();
        connect(patience);
        drop_all(stream().native_handle());
    }

  protected:
    void open(const Patience& patience) override;
    void before_close() noexcept override {
        if (stream().is_open()) {
            let_go_of_serial_line(stream().native_handle());
        }
    }
    [[nodiscard]] std::string gone() const override {
        return "the serial line is gone; is the adapter plugged in?";
    }

  private:
    const SerialAddress address_;
    const SerialSettings settings_;
};

void SerialPort::open(const Patience& patience) {
    loop().check_may_begin("open", patience);
    // O_NONBLOCK: a line without a carrier must not keep us waiting.
    const int descriptor =
        ::open(address_.device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) {
        fail("open", why_not(errno));
    }
    if (const std::error_code error = set_up_serial_line(descriptor, settings_.baud)) {
        ::close(descriptor);
        fail("open", why_not(error.value()));
    }
    drop_all(descriptor);
    boost::system::error_code error;
    if (stream().assign(descriptor, error)) {
        ::close(descriptor);
        fail("open", error.message());
    }
}

} // namespace

std::unique_ptr<StreamPort> make_serial_port(std::string resource, SerialAddress address,
                                             const SerialSettings& settings, const Clock& clock,
                                             TrafficLog& log, Logged logged) {
    return std::make_unique<SerialPort>(std::move(resource), std::move(address), settings, clock,
                                        log, logged);
}

} // namespace phyll::transports
