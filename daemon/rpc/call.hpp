#pragma once

#include "daemon/rpc/caller.hpp"
#include "daemon/rpc/frames.hpp"
#include "drivers/core/clock.hpp"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace phyll::rpc {

/// One request, from its arrival to its last answer. Answers after the last are dropped: whoever
/// works on a request may finish it without asking whether somebody still waits.
/// Thread rule: the loop's thread; the stop token may be used anywhere.
class Call : public std::enable_shared_from_this<Call> {
  public:
    /// Hands a header with its frames to the peer.
    using Send = std::function<void(const v1::Header&, Frames)>;
    using Finished = std::function<void()>;

    Call(v1::Header header, Frames frames, Caller caller, Deadline deadline, bool streaming);

    /// Set once by the server, before the call is handled.
    void connect(Send send, Finished finished);

    [[nodiscard]] const v1::Header& header() const noexcept { return header_; }
    [[nodiscard]] const Caller& caller() const noexcept { return caller_; }
    [[nodiscard]] const Deadline& deadline() const noexcept { return deadline_; }
    /// Stops when the client cancels, its time is over, it is gone, or the daemon goes.
    [[nodiscard]] std::stop_token stop_token() const { return stop_.get_token(); }
    [[nodiscard]] bool over() const noexcept { return over_; }

    /// The request's body; throws INVALID_ARGUMENT when it is missing or does not parse.
    void read_body(google::protobuf::Message& request) const;
    /// The request's only payload frame; throws INVALID_ARGUMENT when there is none, or several.
    [[nodiscard]] OwnedBlock read_payload(const v1::Block& description,
                                          const std::string& field) const;

    /// The answer of a method that is not streaming.
    void reply(const google::protobuf::Message& reply, Frames payload = {});
    /// One answer of a streaming method.
    void item(const google::protobuf::Message& item, Frames payload = {});
    /// Items that the client has not asked for yet are not sent by methods that heed this: takes
    /// leave to send one, or says that `when_granted` has to be waited for.
    [[nodiscard]] bool take_credit();
    /// Calls `then` once, as soon as the client is ready for more; never when the call is over.
    void when_granted(std::function<void()> then);
    /// The client is ready for so many more.
    void grant(std::uint32_t items);
    /// A streaming method's good end.
    void end();
    /// The bad end of either.
    void fail(const Error& error);
    /// Drops the call without a word: the peer is gone, or is told later.
    void abandon();
    /// The header that ends the call badly, for whoever has to send it later.
    [[nodiscard]] v1::Header bad_end(const Error& error) const;
    /// Calls `then` once the call is over, whoever ended it; at once when it is.
    void when_over(std::function<void()> then);

  private:
    void answer(v1::Kind kind, const google::protobuf::Message* body, Frames payload);
    void send_and_finish(const v1::Header& header, Frames frames);
    [[nodiscard]] v1::Header header_of(v1::Kind kind) const;
    void finish();

    v1::Header header_;
    Frames frames_;
    Caller caller_;
    Deadline deadline_;
    bool streaming_;
    bool over_ = false;
    std::uint64_t items_ = 0;
    std::uint64_t credit_;
    std::stop_source stop_;
    Send send_;
    Finished finished_;
    std::function<void()> then_;
    std::function<void()> granted_;
};

} // namespace phyll::rpc
