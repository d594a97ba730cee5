#pragma once

#include "drivers/core/keys/key.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/wire.pb.h>

#include <google/protobuf/message.h>
#include <zmq.hpp>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace phyll::test {

/// Whoever listens in the place of a phylld, on a thread of its own, and says what a test wants.
class FakeDaemon {
  public:
    /// What a client said.
    struct Said {
        v1::Header header;
        std::string body;
        std::string payload;
    };
    /// Says something to the client that spoke last.
    using Say = std::function<void(const v1::Header&, const std::vector<std::string>& frames)>;
    /// Called with each message of a client's, on the daemon's thread.
    using Heard = std::function<void(const Said&, const Say&)>;

    /// Of a daemon that asks for keys: its own, and the one that it knows. Others get that status
    /// of ZAP.
    struct Keys {
        SecretKey own;
        PublicKey known;
        std::string refusal = "400";
    };

    explicit FakeDaemon(Heard heard, std::optional<Keys> keys = std::nullopt)
        : heard_(std::move(heard)), keys_(std::move(keys)) {
        socket_.set(zmq::sockopt::linger, 0);
        if (keys_) {
            ask_for_keys();
        }
        socket_.bind("tcp://127.0.0.1:*");
        endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
        thread_ = std::jthread([this] { listen(); });
    }
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;
    ~FakeDaemon() { go(); }

    /// Ends as a daemon that was killed.
    void go() {
        if (thread_.joinable()) {
            context_.shutdown(); // ends every wait for a message
            thread_.join();
            if (gate_.joinable()) {
                gate_.join();
            }
        }
    }

    [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }
    /// Everything that was said so far.
    [[nodiscard]] std::vector<Said> said() const {
        const std::lock_guard lock(mutex_);
        return said_;
    }

    static v1::Header answer(v1::Kind kind, std::uint64_t id, v1::Code code = v1::OK,
                             const std::string& message = "") {
        v1::Header header;
        header.set_kind(kind);
        header.set_id(id);
        header.set_version(1);
        if (kind == v1::REPLY || kind == v1::END) {
            header.mutable_status()->set_code(code);
            header.mutable_status()->set_message(message);
        }
        return header;
    }

  private:
    void ask_for_keys() {
        gatekeeper_.set(zmq::sockopt::linger, 0);
        gatekeeper_.bind("inproc://zeromq.zap.01");
        gate_ = std::jthread([this] { keep_gate(); });
        socket_.set(zmq::sockopt::curve_server, true);
        socket_.set(zmq::sockopt::zap_domain, "test");
        socket_.set(zmq::sockopt::curve_secretkey, zmq::buffer(keys_->own.bytes()));
    }

    /// Answers libzmq's questions about keys: ZeroMQ's RFC 27.
    void keep_gate() {
        try {
            for (;;) {
                const std::vector<std::string> asked = receive(gatekeeper_);
                const bool known =
                    asked.at(6) ==
                    std::string_view(reinterpret_cast<const char*>(keys_->known.bytes.data()),
                                     keys_->known.bytes.size());
                send(gatekeeper_,
                     {"1.0", asked.at(1), known ? "200" : keys_->refusal, "", "somebody", ""});
            }
        } catch (const zmq::error_t&) {
            gatekeeper_.close(); // the context was shut down
        }
    }

    static std::vector<std::string> receive(zmq::socket_t& socket) {
        std::vector<std::string> frames;
        zmq::message_t frame;
        do {
            static_cast<void>(socket.recv(frame));
            frames.push_back(frame.to_string());
        } while (frame.more());
        return frames;
    }

    static void send(zmq::socket_t& socket, const std::vector<std::string>& frames) {
        for (std::size_t i = 0; i < frames.size(); ++i) {
            socket.send(zmq::message_t(frames[i]),
                        i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
        }
    }

    void listen() {
        try {
            for (;;) {
                hear_one();
            }
        } catch (const zmq::error_t&) {
            socket_.close(); // the context was shut down
        }
    }

    void hear_one() {
        std::vector<std::string> frames = receive(socket_);
        frames.resize(4);
        Said said;
        static_cast<void>(said.header.ParseFromString(frames[1]));
        said.body = frames[2];
        said.payload = frames[3];
        {
            const std::lock_guard lock(mutex_);
            said_.push_back(said);
        }
        heard_(said, [&](const v1::Header& header, const std::vector<std::string>& rest) {
            say(frames[0], header, rest);
        });
    }

    void say(const std::string& peer, const v1::Header& header,
             const std::vector<std::string>& rest) {
        std::vector<std::string> frames{peer, header.SerializeAsString()};
        frames.insert(frames.end(), rest.begin(), rest.end());
        send(socket_, frames);
    }

    Heard heard_;
    std::optional<Keys> keys_;
    mutable std::mutex mutex_;
    std::vector<Said> said_;
    zmq::context_t context_;
    zmq::socket_t socket_{context_, zmq::socket_type::router};
    zmq::socket_t gatekeeper_{context_, zmq::socket_type::rep};
    std::string endpoint_;
    std::jthread thread_;
    std::jthread gate_;
};

} // namespace phyll::test
