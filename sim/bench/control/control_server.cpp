#include "sim/bench/control/control_server.hpp"

#include "drivers/core/error.hpp"

#include <boost/asio/read_until.hpp>
#include <fmt/format.h>

#include <array>

namespace phyll::bench {
namespace {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t longest_request = std::size_t{64} << 10U;

} // namespace

class ControlServer::Session : public std::enable_shared_from_this<Session> {
  public:
    Session(stream_protocol::socket socket, ControlDesk& desk)
        : socket_(std::move(socket)), desk_(desk) {}

    void read() {
        boost::asio::async_read_until(
            socket_, boost::asio::dynamic_buffer(buffer_, longest_request), '\n',
            [self = shared_from_this()](const error_code& error, std::size_t size) {
                if (!error) {
                    self->answer(size);
                }
            });
    }

  private:
    void answer(std::size_t size) {
        reply_ = desk_.answer(std::string_view(buffer_).substr(0, size)) + '\n';
        buffer_.erase(0, size);
        boost::asio::async_write(socket_, boost::asio::buffer(reply_),
                                 [self = shared_from_this()](const error_code& error, std::size_t) {
                                     if (!error) {
                                         self->read();
                                     }
                                 });
    }

    stream_protocol::socket socket_;
    ControlDesk& desk_;
    std::string buffer_;
    std::string reply_;
};

ControlServer::ControlServer(boost::asio::io_context& context, const std::filesystem::path& path,
                             ControlDesk& desk)
    : acceptor_(context), desk_(desk) {
    try {
        const stream_protocol::endpoint endpoint(path.string());
        acceptor_.open(endpoint.protocol());
        acceptor_.bind(endpoint);
        acceptor_.listen();
    } catch (const boost::system::system_error& error) {
        throw Error(Code::unavailable,
                    fmt::format("cannot listen on {}: {}; another folder can be chosen with TMPDIR",
                                path.string(), error.code().message()));
    }
    accept();
}

void ControlServer::accept() {
    acceptor_.async_accept([this](const error_code& error, stream_protocol::socket socket) {
        if (error == boost::asio::error::operation_aborted) {
            return;
        }
        if (!error) {
            std::make_shared<Session>(std::move(socket), desk_)->read();
        }
        accept();
    });
}

std::string ask_control(const std::filesystem::path& path, const std::string& request) {
    try {
        boost::asio::io_context context;
        stream_protocol::socket socket(context);
        socket.connect(stream_protocol::endpoint(path.string()));
        boost::asio::write(socket, boost::asio::buffer(request + '\n'));
        std::string answer;
        boost::asio::read_until(socket, boost::asio::dynamic_buffer(answer), '\n');
        return answer.substr(0, answer.find('\n'));
    } catch (const boost::system::system_error& error) {
        throw Error(Code::unavailable,
                    fmt::format("no phyllsim answers at {}: {}; its control socket is in the "
                                "environment that it prints, or give --control",
                                path.string(), error.code().message()));
    }
}

} // namespace phyll::bench
