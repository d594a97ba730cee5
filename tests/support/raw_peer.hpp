#pragma once

#include <catch2/catch.hpp>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/wire.pb.h>

#include <zmq.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <cstring>
#include <functional>
#include <iterator>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace phyll::test {

/// What a daemon answered: the header, and the frames behind it.
struct Answer {
    v1::Header header;
    std::vector<std::string> rest;

    [[nodiscard]] v1::Code code() const { return header.status().code(); }
    [[nodiscard]] const std::string& message() const { return header.status().message(); }
};

/// A ZeroMQ peer that can say anything, well formed or not.
class RawPeer {
  public:
    /// `prepare` gets the socket before it connects.
    explicit RawPeer(const std::string& endpoint,
                     const std::function<void(zmq::socket_t&)>& prepare = nullptr) {
        socket_.set(zmq::sockopt::linger, 200);
        socket_.set(zmq::sockopt::rcvtimeo, 20'000);
        if (prepare) {
            prepare(socket_);
        }
        socket_.connect(endpoint);
    }

    /// A header as a client of version 1 writes it.
    [[nodiscard]] static v1::Header request(const std::string& method, std::uint64_t id) {
        v1::Header header;
        header.set_kind(v1::REQUEST);
        header.set_id(id);
        header.set_method(method);
        header.set_version(1);
        return header;
    }

    void send(const std::vector<std::string>& frames) {
        for (std::size_t i = 0; i < frames.size(); ++i) {
            socket_.send(zmq::message_t(frames[i]),
                         i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
        }
    }

    /// The next message as it is.
    [[nodiscard]] std::vector<std::string> receive_frames() {
        std::vector<std::string> frames;
        zmq::message_t frame;
        do {
            REQUIRE(socket_.recv(frame));
            frames.push_back(frame.to_string());
        } while (frame.more());
        return frames;
    }

    [[nodiscard]] Answer receive() {
        std::vector<std::string> frames;
        Answer answer;
        do {
            frames = receive_frames();
            REQUIRE(answer.header.ParseFromString(frames[0]));
        } while (answer.header.kind() == v1::CREDIT && answer.header.id() == 0); // of no call
        answer.rest.assign(std::make_move_iterator(frames.begin() + 1),
                           std::make_move_iterator(frames.end()));
        return answer;
    }

    /// Asks and waits for the answer.
    [[nodiscard]] Answer ask(const v1::Header& header, const google::protobuf::Message& body) {
        send({header.SerializeAsString(), body.SerializeAsString()});
        return receive();
    }
    /// The same of a method, with a number of its own.
    [[nodiscard]] Answer ask(const std::string& method, const google::protobuf::Message& body) {
        return ask(request(method, 2'000'000 + ++asked_), body);
    }

    /// The daemon serves when it answers this, and has answered nothing else meanwhile.
    void expect_service() {
        const std::uint64_t id = 1'000'000 + ++probes_;
        send({request("phyll.v1.Lab/Describe", id).SerializeAsString(), ""});
        const Answer answer = receive();
        REQUIRE(answer.header.id() == id);
        REQUIRE(answer.code() == v1::OK);
    }

    [[nodiscard]] zmq::socket_t& socket() noexcept { return socket_; }

  private:
    zmq::context_t context_;
    zmq::socket_t socket_{context_, zmq::socket_type::dealer};
    std::uint64_t probes_ = 0;
    std::uint64_t asked_ = 0;
};

/// A plain stream socket: what a browser, a port scanner or a broken client has.
class RawStream {
  public:
    /// Connects to "tcp://127.0.0.1:PORT" or "ipc://PATH".
    explicit RawStream(const std::string& endpoint) {
        if (endpoint.starts_with("ipc://")) {
            sockaddr_un where{};
            where.sun_family = AF_UNIX;
            std::strncpy(where.sun_path, endpoint.c_str() + 6, sizeof where.sun_path - 1);
            connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&where), sizeof where);
            return;
        }
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port =
            htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect(AF_INET, reinterpret_cast<const sockaddr*>(&where), sizeof where);
    }
    RawStream(const RawStream&) = delete;
    RawStream& operator=(const RawStream&) = delete;
    ~RawStream() { ::close(fd_); }

    /// Sends what the peer takes; a peer that hangs up takes no more.
    void send(const std::string& bytes) {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            const ssize_t size =
                ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (size <= 0) {
                return;
            }
            sent += static_cast<std::size_t>(size);
        }
    }

    /// Reads `count` bytes, or fewer when the peer hangs up before.
    [[nodiscard]] std::string receive(std::size_t count) {
        std::string bytes(count, '\0');
        std::size_t got = 0;
        while (got < count) {
            const ssize_t size = ::recv(fd_, bytes.data() + got, count - got, 0);
            if (size <= 0) {
                break;
            }
            got += static_cast<std::size_t>(size);
        }
        bytes.resize(got);
        return bytes;
    }

  private:
    void connect(int family, const sockaddr* where, socklen_t size) {
        fd_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        REQUIRE(fd_ >= 0);
        REQUIRE(::connect(fd_, where, size) == 0);
    }

    int fd_ = -1;
};

} // namespace phyll::test
