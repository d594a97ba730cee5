#pragma once

#include "daemon/rpc/budget.hpp"
#include "daemon/rpc/caller.hpp"
#include "daemon/rpc/content.hpp"
#include "drivers/core/clock.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>

namespace phyll::rpc {

/// What goes each way between a request and the last answer to it.
enum class Exchange {
    unary,        ///< nothing, and the answer is a reply
    stream,       ///< the daemon's items, then an end
    conversation, ///< the same, and the client's items
};

/// One request, from its arrival to its last answer. Answers after the last are dropped: whoever
/// works on a request may finish it without asking whether somebody still waits.
///
/// In a conversation each side sends as many items as the other one is ready for. What the client
/// may send, the daemon says by `grant_client`; what the daemon may send is said by the client, and
/// kept to by methods that heed `take_credit`.
///
/// Thread rule: the loop's thread; the stop token may be used anywhere.
class Call : public std::enable_shared_from_this<Call> {
  public:
    /// Hands a header with its frames to the peer.
    using Send = std::function<void(const v1::Header&, Frames)>;
    using Finished = std::function<void(const Call&)>;

    Call(v1::Header header, Frames frames, Caller caller, Deadline deadline, Exchange exchange);

    /// Set once by the server, before the call is handled.
    void connect(Send send, Finished finished);
    /// What the request takes of its client's budget, for as long as anybody holds the call.
    void hold(Budget::Share share) { request_share_.emplace(std::move(share)); }

    [[nodiscard]] const v1::Header& header() const noexcept { return header_; }
    [[nodiscard]] const Caller& caller() const noexcept { return caller_; }
    [[nodiscard]] const Deadline& deadline() const noexcept { return deadline_; }
    /// Stops when the client cancels, its time is over, it is gone, or the daemon goes.
    [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }
    [[nodiscard]] bool over() const noexcept { return over_; }
    /// How it ended, once it is over.
    [[nodiscard]] Code code() const noexcept { return code_; }
    /// Why it ended badly; empty where it did not.
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

    /// See Content.
    void read_body(google::protobuf::Message& request) const { request_.read_body(request); }
    [[nodiscard]] HeldBlock read_payload(const v1::Block& description, const std::string& field) {
        return request_.read_payload(description, field);
    }
    /// The bytes last as long as the call.
    [[nodiscard]] std::span<const std::byte> read_bytes(const std::string& field) const {
        return request_.read_bytes(field);
    }

    /// The answer of a method that is not streaming.
    void reply(const google::protobuf::Message& reply, Frames payload = {});
    /// One answer of a streaming method.
    void item(const google::protobuf::Message& item, Frames payload = {});
    /// Items that the client has not asked for yet are not sent by methods that heed this: takes
    /// leave to send one, or says that `when_granted` has to be waited for.
    [[nodiscard]] bool take_credit();
    /// Calls `then` once, as soon as the client is ready for more; never when the call is over.
    void when_granted(std::function<void()> then);

    /// Of a conversation: calls `then` with each of the client's items, in order, as long as the
    /// call is not over. What it throws ends the call. Set before the client is granted any.
    void when_item(std::function<void(Content item)> then);
    /// Of a conversation: calls `then` once, when the client has no more items.
    void when_end(std::function<void()> then);
    /// The client may send so many more items, and as many of those that came are done with, the
    /// oldest ones: they take no more of the client's budget. The next item tells it, or
    /// `send_grant`.
    void grant_client(std::uint32_t items);
    /// Tells the client at once what no item has told it yet.
    void send_grant();

    /// A streaming method's good end.
    void end();
    /// The bad end of either.
    void fail(const Error& error);
    // What the server hands on from the client.

    /// The client is ready for so many more.
    void grant(std::uint32_t items);
    /// One more item of the client's; throws what ends the call: INVALID_ARGUMENT when none may
    /// come, DATA_LOSS when one before it is missing, RESOURCE_EXHAUSTED when it was not granted.
    void take_item(const v1::Header& header, Frames frames, Budget::Share share);
    /// The client has no more items.
    void take_end();

    /// Drops the call without a word: the peer is gone, or is told later. `why` is for records.
    void abandon(const Error& why);
    /// The header that ends the call badly, for whoever has to send it later.
    [[nodiscard]] v1::Header bad_end(const Error& error) const;
    /// Calls `then` once the call is over, whoever ended it; at once when it is.
    void when_over(std::function<void()> then);

  private:
    void check_item(const v1::Header& header) const;
    /// What the client may send beside what it was told of, which is then told.
    [[nodiscard]] std::uint32_t take_untold();
    void answer(v1::Kind kind, const google::protobuf::Message* body, Frames payload);
    void send_and_finish(const v1::Header& header, Frames frames);
    [[nodiscard]] v1::Header header_of(v1::Kind kind) const;
    void note_failure(const Error& error);
    void finish();

    v1::Header header_;
    Content request_;
    std::optional<Budget::Share> request_share_;
    Caller caller_;
    Deadline deadline_;
    Exchange exchange_;
    bool over_ = false;
    Code code_ = Code::ok;
    std::string failure_;
    std::uint64_t items_ = 0; ///< sent
    std::uint64_t credit_;    ///< items that the client is ready for
    std::stop_source stop_;
    Send send_;
    Finished finished_;
    std::function<void()> then_;
    std::function<void()> granted_;
    // Of the client's side of a conversation.
    std::uint64_t taken_ = 0;          ///< items that came
    std::uint64_t told_ = 0;           ///< items that the client knows that it may send, in all
    std::uint32_t untold_ = 0;         ///< more of them, of which it was not told
    std::deque<Budget::Share> shares_; ///< of items that came and are not done with
    bool ended_ = false;               ///< no more come
    std::function<void(Content)> item_;
    std::function<void()> end_;
};

} // namespace phyll::rpc
