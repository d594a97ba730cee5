#include "drivers/transports/socket_port.hpp"

#include "drivers/transports/asio_port.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>

namespace phyll::transports {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// In pieces of 4 KiB: more than the system keeps of a connection.
constexpr int most_pieces = 16384;

class SocketPort final : public AsioPort<tcp::socket> {
  public:
    SocketPort(std::string resource, SocketAddress address, const Clock& clock, TrafficLog& log,
               Logged logged)
        : AsioPort(std::move(resource), clock, log, logged),
          address_(std::move(address)),
          resolver_(loop().context()) {}

    void discard() noexcept override {
        const auto use = in_use();
        error_code error;
        if (stream().non_blocking(true, error)) {
            return; // it is not connected
        }
        std::array<std::byte, 4096> piece{};
        // As much as can have come: somebody who sends without end is not waited for.
        for (int i = 0; i < most_pieces && !error; ++i) {
            // What ends it is that nothing is there; another reason is seen by the next operation.
            stream().read_some(asio::buffer(piece), error);
        }
    }
    void clear(const Patience& patience) override {
        const auto use = in_use();
        disconnect();
        connect(patience);
    }

  protected:
    void open(const Patience& patience) override;
    void cancel() noexcept override {
        resolver_.cancel();
        AsioPort::cancel();
    }
    [[nodiscard]] std::string gone() const override { return "it closed the connection"; }

  private:
    const SocketAddress address_;
    tcp::resolver resolver_;
};

void SocketPort::open(const Patience& patience) {
    tcp::resolver::results_type found;
    perform("resolve", patience, [&](auto done) {
        resolver_.async_resolve(address_.host, std::to_string(address_.port),
                                [&found, done](const error_code& error, auto results) {
                                    found = std::move(results);
                                    done(error);
                                });
    });
    perform("accept a connection", patience, [&](auto done) {
        asio::async_connect(stream(), found,
                            [done](const error_code& error, const auto&) { done(error); });
    });
    error_code error;
    if (stream().set_option(tcp::no_delay(true), error) ||
        stream().set_option(asio::socket_base::keep_alive(true), error)) {
        fail("stay connected", error.message());
    }
}

} // namespace

std::unique_ptr<StreamPort> make_socket_port(std::string resource, SocketAddress address,
                                             const Clock& clock, TrafficLog& log, Logged logged) {
    return std::make_unique<SocketPort>(std::move(resource), std::move(address), clock, log,
                                        logged);
}

} // namespace phyll::transports
