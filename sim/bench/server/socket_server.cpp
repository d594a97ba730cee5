#include "sim/bench/server/socket_server.hpp"

#include "drivers/core/error.hpp"
#include "sim/bench/scpi/framer.hpp"
#include "sim/bench/scpi/scpi_error.hpp"
#include "sim/bench/server/turns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <initializer_list>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace phyll::bench {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t read_at_once = std::size_t{64} << 10U;
/// Bytes that are taken from a client whose last message is not done with.
constexpr std::size_t most_ahead = std::size_t{1} << 20U;

Error cannot_listen(std::uint16_t port, const std::string& why) {
    return {Code::unavailable,
            fmt::format("cannot listen on 127.0.0.1:{}: {}; stop the program that does, or choose "
                        "another port",
                        port, why)};
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// A socket that is bound, with these of SO_REUSEPORT and SO_REUSEADDR set.
Descriptor bound(std::uint16_t port, std::initializer_list<int> sharing) {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int yes = 1;
    const sockaddr_in address = loopback(port);
    const bool shares = std::ranges::all_of(sharing, [&](int option) {
        return ::setsockopt(socket.get(), SOL_SOCKET, option, &yes, sizeof yes) == 0;
    });
    if (!shares ||
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw cannot_listen(port, std::generic_category().message(errno));
    }
    return socket;
}

/// A port that one asks for must be nobody else's: SO_REUSEPORT alone would share it with another
/// bench. What is left there of connections that were closed is no obstacle.
Descriptor reserve(std::uint16_t port) {
    if (port != 0) {
        static_cast<void>(bound(port, {SO_REUSEADDR}));
    }
    return bound(port, {SO_REUSEPORT});
}

} // namespace

ReservedPort::ReservedPort(std::uint16_t port) : socket_(reserve(port)) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw cannot_listen(port, std::generic_category().message(errno));
    }
    number_ = ntohs(address.sin_port);
}

tcp::acceptor ReservedPort::listen(boost::asio::io_context& context) const {
    Descriptor socket = bound(number_, {SO_REUSEPORT, SO_REUSEADDR});
    if (::listen(socket.get(), SOMAXCONN) != 0) {
        throw cannot_listen(number_, std::generic_category().message(errno));
    }
    return {context, tcp::v4(), socket.release()};
}

/// A connection: messages in, replies out, one after the other.
class SocketServer::Session : public std::enable_shared_from_this<Session> {
  public:
    Session(SocketServer& server, tcp::socket socket)
        : server_(server),
          socket_(std::move(socket)),
          cutter_(server.station_.instrument().cutter()) {
        error_code ignored;
        socket_.set_option(tcp::no_delay(true), ignored);
    }

    void start() { read(); }

    void close() {
        error_code ignored;
        socket_.close(ignored);
    }

  private:
    void read() {
        reading_ = true;
        socket_.async_read_some(
            boost::asio::buffer(bytes_),
            [self = shared_from_this()](const error_code& error, std::size_t count) {
                self->reading_ = false;
                if (error) {
                    self->left();
                    return;
                }
                self->came({self->bytes_.data(), count});
            });
    }

    void came(std::string_view bytes) {
        if (cutter_) {
            cutter_->append(bytes);
        } else {
            framer_.append(bytes);
        }
        pump();
    }

    [[nodiscard]] std::optional<std::string> next_message() {
        if (!socket_.is_open()) {
            return std::nullopt;
        }
        return cutter_ ? cutter_->next() : framer_.next();
    }

    void pump() {
        const bool ran = turns_.run([this] { return next_message(); },
                                    [this](std::string message) {
                                        server_.station_.handle(
                                            std::move(message),
                                            [self = shared_from_this()](Station::Outcome outcome) {
                                                self->acted(std::move(outcome));
                                            },
                                            this);
                                    });
        if (ran) {
            go_on_reading();
        }
    }

    /// Also while the instrument takes its time, within reason: that is how one sees that the
    /// client is gone.
    void go_on_reading() {
        if (reading_ || !socket_.is_open()) {
            return;
        }
        if (turns_.busy()) {
            if (!left_ && framer_.size() < most_ahead) {
                read();
            }
            return;
        }
        if (left_) {
            end();
            return;
        }
        if (framer_.overlong()) {
            server_.station_.report(scpi_number::too_much_data);
            end();
            return;
        }
        read();
    }

    /// The client sends no more. What it has sent is acted on, but nobody waits for it.
    void left() {
        left_ = true;
        if (turns_.busy()) {
            server_.station_.give_up(this);
        } else {
            end();
        }
    }

    void acted(Station::Outcome outcome) {
        if (!socket_.is_open()) {
            return;
        }
        if (outcome.close) {
            end();
            return;
        }
        if (outcome.reply.empty()) {
            turns_.done();
            pump();
            return;
        }
        reply_ = std::move(outcome.reply);
        boost::asio::async_write(socket_, boost::asio::buffer(reply_),
                                 [self = shared_from_this()](const error_code& error, std::size_t) {
                                     self->turns_.done();
                                     error ? self->end() : self->pump();
                                 });
    }

    void end() {
        close();
        server_.ended(shared_from_this());
    }

    SocketServer& server_;
    tcp::socket socket_;
    std::array<char, read_at_once> bytes_{};
    std::unique_ptr<MessageCutter> cutter_; ///< without one the framer cuts
    Framer framer_;
    Turns turns_;
    std::string reply_;
    bool reading_ = false;
    bool left_ = false; ///< there is nothing more to read
};

SocketServer::SocketServer(Loop& loop, const ReservedPort& port, Station& station, Waiting& waiting)
    : loop_(loop), port_(port), station_(station), waiting_(waiting), absence_(loop) {}

SocketServer::~SocketServer() = default;

std::string SocketServer::address() const {
    return fmt::format("TCPIP0::127.0.0.1::{}::SOCKET", port_.number());
}

void SocketServer::listen() {
    acceptor_.emplace(port_.listen(loop_.context()));
    accept();
}

void SocketServer::accept() {
    acceptor_->async_accept(
        [this, time = absence_.count()](const error_code& error, tcp::socket socket) {
            if (time != absence_.count()) {
                return; // It was switched off meanwhile.
            }
            if (!error && station_.instrument().one_client()) {
                close_all();
            }
            // One too many is closed as soon as it is there.
            if (!error && sessions_.size() < most_connections) {
                sessions_.push_back(std::make_shared<Session>(*this, std::move(socket)));
                waiting_.clients(1);
                sessions_.back()->start();
            }
            accept();
        });
}

void SocketServer::go_offline(Seconds off) {
    acceptor_.reset();
    const auto sessions = std::exchange(sessions_, {});
    // Before the sessions end: whoever sees that may be back at once.
    absence_.begin(off, [this] { listen(); });
    close(sessions);
}

void SocketServer::close_all() {
    close(std::exchange(sessions_, {}));
}

void SocketServer::close(const std::list<std::shared_ptr<Session>>& sessions) {
    waiting_.clients(-static_cast<int>(sessions.size()));
    if (!sessions.empty()) {
        station_.alone();
    }
    for (const std::shared_ptr<Session>& session : sessions) {
        session->close();
    }
}

void SocketServer::ended(const std::shared_ptr<Session>& session) {
    if (sessions_.remove(session) > 0) {
        waiting_.clients(-1);
        if (sessions_.empty()) {
            station_.alone();
        }
    }
}

} // namespace phyll::bench
