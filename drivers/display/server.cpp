#include "drivers/display/server.hpp"

#include "drivers/core/error.hpp"

#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace phyll::display {
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

/// How long a client may be gone without a word, its machine or the wire dead, until the display is
/// blank: seconds of silence, then tries a second apart.
constexpr int quiet_seconds = 3;
constexpr int tries = 3;
constexpr int unanswered_ms = 6'000;

} // namespace

/// A connection: a question at a time, answered before the next is looked at.
class Server::Client : public std::enable_shared_from_this<Client> {
  public:
    /// `gone` is called once, when the connection is over; it may be empty.
    Client(tcp::socket socket, Panel& panel, std::function<void()> gone)
        : socket_(std::move(socket)), panel_(panel), gone_(std::move(gone)) {
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
        write(encode(Kind::refused, 0, why), [self = shared_from_this()] {
            error_code ignored;
            self->socket_.shutdown(tcp::socket::shutdown_send, ignored);
            self->over();
            self->drain();
        });
    }

  private:
    void over() {
        if (const auto gone = std::exchange(gone_, {})) {
            gone();
        }
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
            if (const std::optional<Message> message = take_message(received_)) {
                write(answer(*message), [self = shared_from_this()] { self->answer_next(); });
            } else {
                read();
            }
        } catch (const Error& error) {
            refuse(error.what());
        }
    }

    std::vector<std::byte> answer(const Message& message) {
        const std::uint32_t sequence = message.sequence;
        try {
            if (message.kind == Kind::describe || !display_) {
                display_ = panel_.description();
            }
            switch (message.kind) {
            case Kind::describe:
                return encode(Kind::description, sequence, to_content(*display_));
            case Kind::show:
                if (!message.content.empty() && message.content.size() != display_->pixels()) {
                    throw invalid_field("levels", fmt::format("{}; the display has {} x {} pixels",
                                                              message.content.size(),
                                                              display_->width, display_->height));
                }
                panel_.show(message.content);
                return encode(Kind::shown, sequence);
            default:
                throw Error(Code::invalid_argument, "that is not for a display to be asked");
            }
        } catch (const Error& error) {
            return encode(Kind::refused, sequence, error.what());
        }
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
    Panel& panel_;
    std::optional<Description> display_; ///< as it was described last
    std::function<void()> gone_;
    std::array<std::byte, 65'536> buffer_{};
    std::vector<std::byte> received_;
    std::vector<std::byte> written_;
};

Server::Server(const asio::any_io_executor& executor, Panel& panel, const std::string& address,
               std::uint16_t port)
    : panel_(panel), acceptor_(executor) {
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
    panel_.show({});
    accept();
}

Server::~Server() {
    if (const std::shared_ptr<Client> client = client_) {
        client->end();
    }
    client_gone();
}

std::uint16_t Server::port() const {
    return acceptor_.local_endpoint().port();
}

void Server::accept() {
    acceptor_.async_accept([this](error_code failed, tcp::socket socket) {
        if (failed == asio::error::operation_aborted) {
            return;
        }
        if (!failed) {
            if (client_ == nullptr) {
                client_ =
                    std::make_shared<Client>(std::move(socket), panel_, [this] { client_gone(); });
                client_->read();
            } else {
                std::make_shared<Client>(std::move(socket), panel_, nullptr)
                    ->refuse("somebody else is connected to the display");
            }
        }
        accept();
    });
}

void Server::client_gone() noexcept {
    client_.reset();
    lit_ = true;
    look();
}

void Server::look() noexcept {
    if (!lit_ || client_ != nullptr) {
        return;
    }
    try {
        panel_.show({});
        lit_ = false;
    } catch (...) { // NOLINT(bugprone-empty-catch): it is tried again
    }
}

} // namespace phyll::display
