#include "drivers/services/one_client_server.hpp"

#include "drivers/core/error.hpp"

#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

namespace phyll::services {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

tcp::endpoint endpoint_of(const std::string& address, std::uint16_t port) {
    error_code failed;
    const asio::ip::address numbers = asio::ip::make_address(address, failed);
    if (failed) {
        throw invalid_field("listen", fmt::format("'{}' is no IP address", address));
    }
    return {numbers, port};
}

/// What a client that leaves takes to be seen to.
constexpr std::chrono::milliseconds leave{500};
/// How long a client may be gone without a word, its machine or the wire dead, until it is
/// taken for gone: seconds of silence, then tries a second apart.
constexpr int quiet_seconds = 3;
constexpr int tries = 3;
constexpr int unanswered_ms = 6'000;

} // namespace

/// A connection: a question at a time, answered before the next is looked at.
class OneClientServer::Client : public std::enable_shared_from_this<Client> {
  public:
    /// `gone` is called once, when the connection is over.
    Client(tcp::socket socket, const Framing& framing, Answering& answering,
           std::function<void(Client*)> gone)
        : socket_(std::move(socket)),
          farewell_(socket_.get_executor()),
          framing_(framing),
          answering_(answering),
          gone_(std::move(gone)) {
        error_code ignored;
        socket_.set_option(tcp::no_delay(true), ignored);
        notice_death();
    }

    void read() {
        socket_.async_read_some(asio::buffer(buffer_),
                                [self = shared_from_this()](error_code failed, std::size_t size) {
                                    if (failed) {
                                        self->end();
                                    } else {
                                        self->take(size);
                                    }
                                });
    }
    void end() {
        error_code ignored;
        socket_.close(ignored);
        over();
    }
    /// Tells it why it cannot be served, and ends.
    void refuse(const std::string& why) {
        write(encode(framing_, framing_.refused, 0, why), [self = shared_from_this()] {
            error_code ignored;
            self->socket_.shutdown(tcp::socket::shutdown_send, ignored);
            self->over();
            self->expire();
            self->drain();
        });
    }

  private:
    void over() {
        if (const auto gone = std::exchange(gone_, {})) {
            gone(this);
        }
    }
    /// Who does not hang up is hung up on.
    void expire() {
        farewell_.expires_after(std::chrono::seconds(1));
        farewell_.async_wait([self = shared_from_this()](error_code aborted) {
            if (!aborted) {
                self->end();
            }
        });
    }
    /// Who is hung up on with something unread does not read what it was told.
    void drain() {
        socket_.async_read_some(asio::buffer(buffer_),
                                [self = shared_from_this()](error_code failed, std::size_t) {
                                    if (failed) {
                                        self->end();
                                    } else {
                                        self->drain();
                                    }
                                });
    }
    void notice_death() {
        error_code ignored;
        socket_.set_option(asio::socket_base::keep_alive(true), ignored);
        const auto set = [this](int option, int value) {
            ::setsockopt(socket_.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
        };
        set(TCP_KEEPIDLE, quiet_seconds);
        set(TCP_KEEPINTVL, 1);
        set(TCP_KEEPCNT, tries);
        set(TCP_USER_TIMEOUT, unanswered_ms);
    }
    void take(std::size_t size) {
        received_.insert(received_.end(), buffer_.begin(),
                         buffer_.begin() + static_cast<std::ptrdiff_t>(size));
        answer_next();
    }

    void answer_next() {
        try {
            if (const std::optional<FramedMessage> message = take_message(framing_, received_)) {
                answer(*message);
            } else {
                read();
            }
        } catch (const std::exception& error) {
            refuse(error.what());
        }
    }

    void answer(const FramedMessage& message) {
        const std::uint32_t sequence = message.sequence;
        try {
            answering_.answer(message, [self = shared_from_this(), sequence](
                                           std::uint32_t kind, std::span<const std::byte> content) {
                self->reply(encode(self->framing_, kind, sequence, content));
            });
        } catch (const std::exception& error) {
            reply(encode(framing_, framing_.refused, sequence, error.what()));
        }
    }
    void reply(std::vector<std::byte> bytes) {
        write(std::move(bytes), [self = shared_from_this()] { self->answer_next(); });
    }

    void write(std::vector<std::byte> bytes, std::function<void()> then) {
        written_ = std::move(bytes);
        asio::async_write(
            socket_, asio::buffer(written_),
            [self = shared_from_this(), then = std::move(then)](error_code failed, std::size_t) {
                if (failed) {
                    self->end();
                } else {
                    then();
                }
            });
    }

    tcp::socket socket_;
    asio::steady_timer farewell_;
    const Framing& framing_;
    Answering& answering_;
    std::function<void(Client*)> gone_;
    std::array<std::byte, 65'536> buffer_{};
    std::vector<std::byte> received_;
    std::vector<std::byte> written_;
};

OneClientServer::OneClientServer(const asio::any_io_executor& executor, const Framing& framing,
                                 std::string device, Answering& answering,
                                 const std::string& address, std::uint16_t port)
    : framing_(framing),
      device_(std::move(device)),
      answering_(answering),
      acceptor_(executor),
      leaving_(executor),
      again_(executor) {
    const tcp::endpoint endpoint = endpoint_of(address, port);
    try {
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen();
    } catch (const boost::system::system_error& error) {
        throw Error(Code::unavailable, fmt::format("cannot listen on {}:{}: {}", address, port,
                                                   error.code().message()));
    }
    accept();
}

OneClientServer::~OneClientServer() {
    next_.reset();
    if (const std::shared_ptr<Client> client = client_) {
        client->end();
    }
}

std::uint16_t OneClientServer::port() const {
    return acceptor_.local_endpoint().port();
}

std::shared_ptr<OneClientServer::Client> OneClientServer::served(tcp::socket socket) {
    return std::make_shared<Client>(std::move(socket), framing_, answering_, [this](Client* who) {
        if (who == client_.get()) {
            client_gone();
        } else if (who == next_.get()) {
            next_.reset();
        }
    });
}

void OneClientServer::accept() {
    acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
        if (failed == asio::error::operation_aborted) {
            return;
        }
        if (!failed && client_ == nullptr) {
            client_ = served(std::move(socket));
            client_->read();
        } else if (!failed) {
            refuse_next();
            next_ = served(std::move(socket));
            leaving_.expires_after(leave);
            leaving_.async_wait([this](error_code aborted) {
                if (!aborted) {
                    refuse_next();
                }
            });
        }
        if (!failed) {
            accept();
            return;
        }
        // No descriptor is free, say: that does not change at once.
        again_.expires_after(std::chrono::milliseconds(100));
        again_.async_wait([this](error_code aborted) {
            if (!aborted) {
                accept();
            }
        });
    });
}

void OneClientServer::refuse_next() {
    if (const std::shared_ptr<Client> refused = std::exchange(next_, nullptr)) {
        refused->refuse(fmt::format("somebody else is connected to {}", device_));
    }
}

void OneClientServer::client_gone() noexcept {
    client_.reset();
    answering_.gone();
    if (next_ != nullptr) {
        client_ = std::move(next_);
        next_.reset();
        client_->read();
    }
}

} // namespace phyll::services
