#include "drivers/transports/socket_transport.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace phyll::transports {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// The longest answer in text.
constexpr std::size_t longest_line = 1U << 20U;

/// How long a wait goes on without a look at the clock, which need not run with real time.
constexpr std::chrono::milliseconds between_looks{20};

} // namespace

/// The socket, and the loop on which its operations are done, by whoever waits for them.
class SocketTransport::Connection {
  public:
    Connection(std::string resource, const Clock& clock, TrafficLog& log)
        : resource_(std::move(resource)), clock_(clock), log_(log) {}

    void connect(const SocketAddress& address, const Patience& patience);
    [[nodiscard]] bool up() const noexcept { return up_; }
    void close() noexcept;
    void write(std::span<const std::byte> message, const Patience& patience);
    std::string read_line(const Patience& patience);
    std::vector<std::byte> read_block(std::size_t most, const Patience& patience);

    void shut() noexcept;
    [[nodiscard]] bool is_shut() const noexcept { return shut_; }

  private:
    /// Begins an operation by `start`, which is given its handler, and waits for it. What ends it
    /// before is thrown; `what` is for messages ("connect").
    template <class Start>
    void await(std::string_view what, const Patience& patience, Start start);
    [[noreturn]] void fail(std::string_view what, const error_code& error);
    void cancel() noexcept;
    /// Makes at least `count` bytes be in the buffer.
    void fill(std::size_t count, const Patience& patience);
    std::string take(std::size_t count);
    std::size_t block_length(std::size_t most, const Patience& patience);
    [[noreturn]] void out_of_form(const std::string& why);

    const std::string resource_;
    const Clock& clock_;
    TrafficLog& log_;
    asio::io_context loop_{1};
    tcp::socket socket_{loop_};
    tcp::resolver resolver_{loop_};
    std::string buffer_;
    std::uint64_t operation_ = 0; ///< for the thread that waits
    std::atomic<bool> up_ = false;
    std::atomic<bool> shut_ = false;
};

template <class Start>
void SocketTransport::Connection::await(std::string_view what, const Patience& patience,
                                        Start start) {
    if (shut_) {
        throw Error(Code::unavailable, fmt::format("{} was shut", resource_));
    }
    if (patience.stop.stop_requested()) {
        throw Error(Code::cancelled,
                    fmt::format("{}: stopped before it could {}", resource_, what));
    }
    // A request to stop that comes as the operation ends must not end the next one.
    const std::uint64_t operation = ++operation_;
    std::optional<error_code> result;
    start([&result](const error_code& error) { result = error; });
    bool late = false;
    {
        const std::stop_callback stop(patience.stop, [this, operation] {
            asio::post(loop_, [this, operation] {
                if (operation == operation_) {
                    cancel();
                }
            });
        });
        while (!result) {
            late = late || patience.deadline.passed(clock_);
            if (late || shut_) {
                cancel();
            }
            loop_.restart();
            loop_.run_one_for(between_looks);
        }
    }
    if (!*result) {
        return;
    }
    if (shut_) {
        close();
        throw Error(Code::unavailable, fmt::format("{} was shut", resource_));
    }
    if (patience.stop.stop_requested() && *result == asio::error::operation_aborted) {
        log_.remark("stopped");
        throw Error(Code::cancelled, fmt::format("{}: stopped", resource_));
    }
    if (late) {
        log_.remark("timed out");
        throw Error(Code::deadline_exceeded, fmt::format("{} did not {} in time", resource_, what));
    }
    fail(what, *result);
}

void SocketTransport::Connection::fail(std::string_view what, const error_code& error) {
    close();
    const std::string why =
        error == asio::error::eof ? "it closed the connection" : error.message();
    log_.remark(fmt::format("failed to {}: {}", what, why));
    throw Error(Code::unavailable, fmt::format("{} did not {}: {}", resource_, what, why));
}

void SocketTransport::Connection::cancel() noexcept {
    error_code ignored;
    resolver_.cancel();
    socket_.cancel(ignored);
}

void SocketTransport::Connection::close() noexcept {
    error_code ignored;
    socket_.close(ignored);
    buffer_.clear();
    up_ = false;
}

void SocketTransport::Connection::connect(const SocketAddress& address, const Patience& patience) {
    close();
    tcp::resolver::results_type found;
    await("resolve", patience, [&](auto done) {
        resolver_.async_resolve(address.host, std::to_string(address.port),
                                [&found, done](const error_code& error, auto results) {
                                    found = std::move(results);
                                    done(error);
                                });
    });
    try {
        await("accept a connection", patience, [&](auto done) {
            asio::async_connect(socket_, found,
                                [done](const error_code& error, const auto&) { done(error); });
        });
    } catch (...) {
        close();
        throw;
    }
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.set_option(asio::socket_base::keep_alive(true), ignored);
    up_ = true;
    log_.remark("connected");
}

void SocketTransport::Connection::write(std::span<const std::byte> message,
                                        const Patience& patience) {
    static constexpr char end = '\n';
    const std::array<asio::const_buffer, 2> parts{asio::buffer(message.data(), message.size()),
                                                  asio::buffer(&end, 1)};
    log_.sent(message);
    await("take a message", patience, [&](auto done) {
        asio::async_write(socket_, parts,
                          [done](const error_code& error, std::size_t) { done(error); });
    });
}

std::string SocketTransport::Connection::read_line(const Patience& patience) {
    std::size_t length = 0;
    await("answer", patience, [&](auto done) {
        asio::async_read_until(socket_, asio::dynamic_buffer(buffer_, longest_line), '\n',
                               [&length, done](const error_code& error, std::size_t read) {
                                   length = read;
                                   // A full buffer is no fault of the connection.
                                   done(error == asio::error::not_found ? error_code() : error);
                               });
    });
    if (length == 0) {
        out_of_form("an answer has no end");
    }
    std::string line = take(length);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
        line.pop_back();
    }
    log_.received(std::as_bytes(std::span(line)));
    return line;
}

void SocketTransport::Connection::fill(std::size_t count, const Patience& patience) {
    if (buffer_.size() >= count) {
        return;
    }
    await("answer", patience, [&](auto done) {
        asio::async_read(socket_, asio::dynamic_buffer(buffer_),
                         asio::transfer_at_least(count - buffer_.size()),
                         [done](const error_code& error, std::size_t) { done(error); });
    });
}

std::string SocketTransport::Connection::take(std::size_t count) {
    std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return taken;
}

void SocketTransport::Connection::out_of_form(const std::string& why) {
    log_.remark(why);
    throw Error(Code::data_loss, fmt::format("{}: {}", resource_, why));
}

std::size_t SocketTransport::Connection::block_length(std::size_t most, const Patience& patience) {
    fill(2, patience);
    const std::string head = take(2);
    if (head[0] != '#' || head[1] < '1' || head[1] > '9') {
        out_of_form(fmt::format("an answer that should be a block begins with {:?}", head));
    }
    const auto digits = static_cast<std::size_t>(head[1] - '0');
    fill(digits, patience);
    const std::string number = take(digits);
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + digits, length);
    if (error != std::errc() || end != number.data() + digits || length > most) {
        out_of_form(
            fmt::format("a block of {:?} bytes came where at most {} can be", number, most));
    }
    return length;
}

std::vector<std::byte> SocketTransport::Connection::read_block(std::size_t most,
                                                               const Patience& patience) {
    const std::size_t length = block_length(most, patience);
    fill(length, patience);
    const auto bytes = std::as_bytes(std::span(buffer_).first(length));
    std::vector<std::byte> block(bytes.begin(), bytes.end());
    buffer_.erase(0, length);
    fill(1, patience);
    if (buffer_[0] == '\r') {
        static_cast<void>(take(1));
        fill(1, patience);
    }
    if (take(1) != "\n") {
        out_of_form("a block does not end where it should");
    }
    log_.received(block);
    return block;
}

void SocketTransport::Connection::shut() noexcept {
    shut_ = true;
    up_ = false;
    // An operation under way looks at the flag before long; the loop has it look at once.
    try {
        asio::post(loop_, [this] { cancel(); });
    } catch (...) { // no memory: the flag alone has to do
    }
}

SocketTransport::SocketTransport(std::string resource, SocketAddress address, const Clock& clock,
                                 TrafficLog& log)
    : resource_(std::move(resource)),
      address_(std::move(address)),
      connection_(std::make_unique<Connection>(resource_, clock, log)) {}

SocketTransport::~SocketTransport() = default;

void SocketTransport::connect(const Patience& patience) {
    if (!connection_->up()) {
        connection_->connect(address_, patience);
    }
}

bool SocketTransport::connected() const noexcept {
    return connection_->up();
}

void SocketTransport::write(std::span<const std::byte> message, const Patience& patience) {
    connection_->write(message, patience);
}

std::string SocketTransport::read_line(const Patience& patience) {
    return connection_->read_line(patience);
}

std::vector<std::byte> SocketTransport::read_block(std::size_t most, const Patience& patience) {
    return connection_->read_block(most, patience);
}

void SocketTransport::clear(const Patience& patience) {
    connection_->connect(address_, patience);
}

void SocketTransport::shut() noexcept {
    connection_->shut();
}

bool SocketTransport::is_shut() const noexcept {
    return connection_->is_shut();
}

} // namespace phyll::transports
