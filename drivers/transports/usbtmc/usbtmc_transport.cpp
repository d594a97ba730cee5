#include "drivers/transports/usbtmc/usbtmc_transport.hpp"

#include "drivers/core/error.hpp"

#include <utility>

namespace phyll::transports::usbtmc {

UsbtmcTransport::UsbtmcTransport(std::string resource, std::unique_ptr<UsbDevice> device,
                                 const Clock& clock, TrafficLog& log)
    : AnsweringTransport(std::move(resource), log),
      device_(std::move(device)),
      channel_(*device_, clock) {}

template <class What>
auto UsbtmcTransport::with_device(What what) {
    try {
        return what();
    } catch (const Error& error) {
        log().remark(error.what());
        throw error_of(address(), error);
    }
}

void UsbtmcTransport::connect(const Patience& patience) {
    if (!device_->is_open()) {
        with_device([&] { open(patience); });
    }
}

void UsbtmcTransport::open(const Patience& patience) {
    forget_answers();
    device_->open(patience);
    try {
        channel_.greet(patience);
    } catch (...) {
        device_->close();
        throw;
    }
    log().remark("connected");
}

void UsbtmcTransport::write(std::span<const std::byte> message, const Patience& patience) {
    log().sent(message);
    forget_answers(); // what is left of an answer is none to what is asked now
    with_device([&] { channel_.write(message, patience); });
}

bool UsbtmcTransport::more(std::string& into, std::size_t wanted, const Patience& patience) {
    return with_device([&] { return channel_.read(into, wanted, patience); });
}

void UsbtmcTransport::clear(const Patience& patience) {
    if (!device_->is_open()) {
        connect(patience);
        return;
    }
    forget_answers();
    with_device([&] {
        try {
            channel_.clear(patience);
        } catch (const Error& error) {
            if (error.code() != Code::cancelled) {
                device_->close();
            }
            throw;
        }
    });
}

} // namespace phyll::transports::usbtmc
