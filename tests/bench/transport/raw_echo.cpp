#include "tests/bench/transport/raw_echo.hpp"

#include <zmq.hpp>

#include <iostream>

namespace phyll::bench {

RawEcho::RawEcho(const std::string& program)
    : process_({program, option}, dir_.path() / "log"), endpoint_(process_.read_line()) {}

void RawEcho::serve() {
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::router);
    socket.bind("tcp://127.0.0.1:*");
    std::cout << socket.get(zmq::sockopt::last_endpoint) << std::endl;
    for (zmq::message_t frame;;) {
        static_cast<void>(socket.recv(frame));
        const bool more = frame.more();
        socket.send(frame, more ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
}

} // namespace phyll::bench
