#pragma once

#include "daemon/rpc/server.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace phyll::test {

using rpc::Call;

/// A server on loopback in a thread of its own, with a few handlers that the tests need.
class Bench {
  public:
    explicit Bench(v1::Role role = v1::ROLE_OPERATOR) {
        dispatcher_.answer<v1::RigsRequest, v1::RigsReply>(
            "phyll.v1.Lab/Rigs",
            [](const v1::RigsRequest&, const Call&) { return v1::RigsReply(); });
        dispatcher_.answer<v1::DescribeRequest, v1::DescribeReply>(
            "phyll.v1.Lab/Describe", [](const v1::DescribeRequest&, const Call& call) {
                v1::DescribeReply reply;
                reply.set_version(call.caller().name);
                return reply;
            });
        dispatcher_.answer<v1::RigRequest, v1::RigReply>(
            "phyll.v1.Rigs/Get", [](const v1::RigRequest& request, const Call&) -> v1::RigReply {
                throw Error(Code::not_found, "no rig " + request.rig(), {{"rig", "unknown"}});
            });
        dispatcher_.serve<v1::QueryRequest, v1::QueryReply>(
            "phyll.v1.Rigs/Query",
            [this](const v1::QueryRequest&, const std::shared_ptr<Call>& call) {
                kept_ = call; // answered never: cancelled, timed out, or closed
                call->when_over([this] {
                    over_ = true;
                    over_.notify_all();
                });
            });
        dispatcher_.stream<v1::WatchRequest, v1::WatchItem>(
            "phyll.v1.Runs/Watch",
            [](const v1::WatchRequest& request, const std::shared_ptr<Call>& call) {
                for (std::uint64_t i = 0; i < request.after_event(); ++i) {
                    v1::WatchItem item;
                    item.mutable_event()->set_number(i);
                    call->item(item);
                }
                call->end();
            });
        // The number of the run is the size of each part's payload, in MiB.
        dispatcher_.stream<v1::ExportRequest, v1::ExportItem>(
            "phyll.v1.Runs/Export",
            [](const v1::ExportRequest& request, const std::shared_ptr<Call>& call) {
                send_parts(call, 0, request.run() << 20U);
            });
        dispatcher_.converse<v1::StreamRequest, v1::StreamItem>(
            "phyll.v1.Rigs/Stream",
            [](const v1::StreamRequest&, const std::shared_ptr<Call>& call) { echo(*call); });
        address_ = server_.listen("tcp://127.0.0.1:0", [role](const rpc::Origin& origin) {
            return rpc::Caller{.name = "tester at " + origin.address, .role = role};
        });
        server_.start();
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~Bench() {
        boost::asio::post(loop_, [this] {
            server_.close();
            loop_.stop();
        });
        thread_.join();
    }

    [[nodiscard]] const std::string& address() const { return address_; }
    void close() {
        boost::asio::post(loop_, [this] { server_.close(); });
    }
    /// Returns when the query that is never answered is over; the test's time limit ends it else.
    void await_over() const { over_.wait(false); }

    static constexpr std::uint64_t parts = 20;

  private:
    /// As many as the client is ready for.
    static void send_parts(const std::shared_ptr<Call>& call, std::uint64_t first,
                           std::size_t bytes) {
        for (; first < parts; ++first) {
            if (!call->take_credit()) {
                call->when_granted([call, first, bytes] { send_parts(call, first, bytes); });
                return;
            }
            v1::ExportItem item;
            item.set_offset(first);
            rpc::Frames payload;
            if (bytes > 0) {
                payload.emplace_back(bytes);
            }
            call->item(item, std::move(payload));
        }
        call->end();
    }

    /// Sends each of the client's blocks back, two of which may be on their way.
    static void echo(Call& call) {
        // Not shared: the call owns what is done with its items.
        call.when_item([&call](rpc::Content item) {
            v1::StreamRequest request;
            item.read_body(request);
            v1::StreamItem answer;
            rpc::Frames payload;
            payload.push_back(
                rpc::give_block(item.read_payload(request.block().stimuli(), "stimuli").view(),
                                *answer.mutable_result()->mutable_responses()));
            call.grant_client(1);
            call.item(answer, std::move(payload));
        });
        call.when_end([&call] { call.end(); });
        call.grant_client(2);
        v1::StreamItem opened;
        opened.mutable_opened()->set_window(2);
        call.item(opened);
    }

    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        loop_.get_executor()};
    SystemClock clock_;
    rpc::Dispatcher dispatcher_;
    rpc::Server server_{loop_, dispatcher_, clock_};
    std::shared_ptr<Call> kept_;
    std::atomic<bool> over_ = false;
    std::string address_;
    std::thread thread_;
};

/// A client that can say anything.
class Peer {
  public:
    /// `receive_buffer` in bytes; -1: the system's. `queue`: messages that ZeroMQ reads ahead.
    explicit Peer(const Bench& bench, int receive_buffer = -1, int queue = 1000) {
        socket_.set(zmq::sockopt::rcvbuf, receive_buffer);
        socket_.set(zmq::sockopt::rcvhwm, queue);
        socket_.set(zmq::sockopt::linger, 0);
        socket_.set(zmq::sockopt::rcvtimeo, 20'000);
        socket_.connect(bench.address());
    }

    static v1::Header request(const std::string& method, std::uint64_t id) {
        v1::Header header;
        header.set_kind(v1::REQUEST);
        header.set_method(method);
        header.set_id(id);
        header.set_version(rpc::protocol_version);
        return header;
    }

    void send(const v1::Header& header, const google::protobuf::Message* body) {
        socket_.send(rpc::serialise(header),
                     body != nullptr ? zmq::send_flags::sndmore : zmq::send_flags::none);
        if (body != nullptr) {
            socket_.send(rpc::serialise(*body), zmq::send_flags::none);
        }
    }
    void send_raw(const std::vector<std::string>& parts) {
        for (std::size_t i = 0; i < parts.size(); ++i) {
            socket_.send(zmq::message_t(parts[i]),
                         i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
        }
    }
    v1::Header receive(std::vector<zmq::message_t>* rest = nullptr) {
        std::vector<zmq::message_t> frames;
        do {
            REQUIRE(socket_.recv(frames.emplace_back()));
        } while (frames.back().more());
        v1::Header header;
        REQUIRE(header.ParseFromArray(frames[0].data(), static_cast<int>(frames[0].size())));
        if (rest != nullptr) {
            frames.erase(frames.begin());
            *rest = std::move(frames);
        }
        return header;
    }
    /// The server is alive when it answers this.
    void expect_service(std::uint64_t id) {
        const v1::RigsRequest body;
        send(request("phyll.v1.Lab/Rigs", id), &body);
        const v1::Header reply = receive();
        REQUIRE(reply.id() == id);
        REQUIRE(reply.kind() == v1::REPLY);
        REQUIRE(reply.status().code() == v1::OK);
    }

  private:
    zmq::context_t context_;
    zmq::socket_t socket_{context_, zmq::socket_type::dealer};
};

} // namespace phyll::test
