#pragma once

#include "clients/cpp/connection.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/sample_block.hpp"

#include <google/protobuf/message.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

namespace phyll {

/// A connection to a phylld. Every failure is thrown as `Error` with the daemon's own status;
/// UNAVAILABLE when no daemon answers or the connection is lost. A signal that interrupts a wait
/// ends the call: CANCELLED, and the daemon is told to give up.
/// Thread rule: one thread at a time; another thread may use a client of its own.
class Client {
  public:
    /// Throws INVALID_ARGUMENT when the endpoint is none ("ipc://PATH", "tcp://HOST:PORT"),
    /// UNAVAILABLE at once when nobody listens there, and within 5 s when whoever does is no
    /// phylld; UNAUTHENTICATED when phylld does not know the client's key, or is not the one that
    /// the address means.
    explicit Client(Address address) : connection_(std::move(address)) {}

    [[nodiscard]] const Address& address() const noexcept { return connection_.address(); }
    [[nodiscard]] const std::string& endpoint() const noexcept { return connection_.endpoint(); }

    /// From here on a wait ends with CANCELLED as soon as `descriptor` is readable (a signalfd, a
    /// pipe), also when it became so between two waits. It stays the caller's.
    void interrupt_by(int descriptor) noexcept { connection_.interrupt_by(descriptor); }
    /// From here on requests say that they are made under the lease with this token; empty: none.
    void use_lease(std::string token) { lease_ = std::move(token); }

    using Timeout = phyll::Timeout;
    static constexpr std::chrono::milliseconds usual_timeout{10'000};

    /// Calls "phyll.v1.SERVICE/METHOD" and waits for the reply; no timeout: for ever.
    template <class Reply>
    Reply call(const std::string& method, const google::protobuf::Message& request,
               Timeout timeout = usual_timeout) {
        Reply reply;
        exchange(method, request, {}, reply, nullptr, timeout);
        return reply;
    }

    /// The same with a block of samples each way. `responses` becomes what came back. Stimuli of
    /// more than 256 MiB are refused before they are sent: INVALID_ARGUMENT.
    template <class Reply>
    Reply call(const std::string& method, const google::protobuf::Message& request,
               ConstBlock stimuli, OwnedBlock& responses, Timeout timeout) {
        Reply reply;
        wire::Frames payload;
        payload.push_back(wire::payload_of(stimuli));
        exchange(method, request, std::move(payload), reply, &responses, timeout);
        return reply;
    }

    /// The same of a method that takes plain bytes, at most 256 MiB of them, and gives none.
    template <class Reply>
    Reply upload(const std::string& method, const google::protobuf::Message& request,
                 std::span<const std::byte> bytes, Timeout timeout) {
        Reply reply;
        wire::Frames payload;
        payload.emplace_back(bytes.data(), bytes.size());
        exchange(method, request, std::move(payload), reply, nullptr, timeout);
        return reply;
    }

    /// Calls a streaming method and hands over each item as it comes, until the stream ends or
    /// `on_item` returns false, which cancels it.
    template <class Item>
    void stream(const std::string& method, const google::protobuf::Message& request,
                const std::function<bool(const Item&)>& on_item) {
        Item item;
        receive_stream(method, request, item, nullptr, [&] { return on_item(item); });
    }

    /// The same of a method whose items have a payload, which lasts as long as `on_item`. The
    /// daemon sends no faster than the items are taken.
    template <class Item>
    void download(const std::string& method, const google::protobuf::Message& request,
                  const std::function<bool(const Item&, std::span<const std::byte>)>& on_item) {
        Item item;
        std::span<const std::byte> payload;
        receive_stream(method, request, item, &payload, [&] { return on_item(item, payload); });
    }

  private:
    /// `payload` is at most one frame.
    void exchange(const std::string& method, const google::protobuf::Message& request,
                  wire::Frames payload, google::protobuf::Message& reply, OwnedBlock* responses,
                  Timeout timeout);
    void receive_stream(const std::string& method, const google::protobuf::Message& request,
                        google::protobuf::Message& item, std::span<const std::byte>* payload,
                        const std::function<bool()>& on_item);
    void send_request(const std::string& method, std::uint32_t credit, Timeout timeout,
                      wire::Frames frames);
    void send_credit(std::uint64_t id, std::uint32_t items);
    void cancel(std::uint64_t id);

    wire::Connection connection_;
    std::string lease_;
    std::uint64_t last_id_ = 0;
};

} // namespace phyll
