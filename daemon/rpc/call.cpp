#include "daemon/rpc/call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace phyll::rpc {
namespace {

/// Of a client that does not say how many items it is ready for.
constexpr std::uint64_t usual_credit = 16;

} // namespace

Call::Call(v1::Header header, Frames frames, Caller caller, Deadline deadline, Exchange exchange)
    : header_(std::move(header)),
      request_(header_.method(), std::move(frames)),
      caller_(std::move(caller)),
      deadline_(deadline),
      exchange_(exchange),
      credit_(header_.credit() == 0 ? usual_credit : header_.credit()) {}

void Call::connect(Send send, Finished finished) {
    send_ = std::move(send);
    finished_ = std::move(finished);
}

void Call::reply(const google::protobuf::Message& reply, Frames payload) {
    answer(v1::REPLY, &reply, std::move(payload));
}

void Call::item(const google::protobuf::Message& item, Frames payload) {
    answer(v1::ITEM, &item, std::move(payload));
}

bool Call::take_credit() {
    if (credit_ == 0) {
        return false;
    }
    --credit_;
    return true;
}

void Call::when_granted(std::function<void()> then) {
    if (!over_) {
        granted_ = std::move(then);
    }
}

void Call::when_item(std::function<void(Content item)> then) {
    if (!over_) {
        item_ = std::move(then);
    }
}

void Call::when_end(std::function<void()> then) {
    if (!over_) {
        end_ = std::move(then);
    }
}

void Call::grant_client(std::uint32_t items) {
    untold_ += items;
    const auto done = std::min<std::size_t>(items, shares_.size());
    shares_.erase(shares_.begin(), shares_.begin() + static_cast<std::ptrdiff_t>(done));
}

void Call::send_grant() {
    if (untold_ > 0) {
        v1::Header header = header_of(v1::CREDIT);
        header.set_credit(take_untold());
        send_and_finish(header, {});
    }
}

std::uint32_t Call::take_untold() {
    told_ += untold_;
    return std::exchange(untold_, 0);
}

void Call::grant(std::uint32_t items) {
    credit_ += items;
    if (const auto granted = std::exchange(granted_, nullptr)) {
        granted();
    }
}

void Call::take_item(const v1::Header& header, Frames frames, Budget::Share share) {
    check_item(header);
    ++taken_;
    shares_.push_back(std::move(share));
    if (header.credit() > 0) {
        grant(header.credit());
    }
    // Out of the call while it runs, since it may end the call, which drops it.
    if (auto take = std::exchange(item_, nullptr)) {
        take(Content(header_.method(), header.sequence(), std::move(frames)));
        if (!over_ && !item_) {
            item_ = std::move(take);
        }
    }
}

void Call::check_item(const v1::Header& header) const {
    if (exchange_ != Exchange::conversation) {
        throw Error(Code::invalid_argument,
                    fmt::format("{} takes no items after its request", header_.method()));
    }
    if (ended_) {
        throw Error(Code::invalid_argument, fmt::format("{}: item {} came after the client's END",
                                                        header_.method(), header.sequence()));
    }
    if (header.sequence() != taken_) {
        throw Error(Code::data_loss,
                    fmt::format("{}: item {} came where item {} was expected; items count from 0 "
                                "without a gap",
                                header_.method(), header.sequence(), taken_));
    }
    if (taken_ >= told_) {
        throw Error(Code::resource_exhausted,
                    fmt::format("{}: item {} came, but the client may send only {} so far; wait "
                                "for credit",
                                header_.method(), header.sequence(), told_));
    }
}

void Call::take_end() {
    ended_ = true;
    if (const auto end = std::exchange(end_, nullptr)) {
        end();
    }
}

void Call::end() {
    answer(v1::END, nullptr, {});
}

void Call::fail(const Error& error) {
    note_failure(error);
    send_and_finish(bad_end(error), {});
}

void Call::abandon(const Error& why) {
    note_failure(why);
    finish();
}

void Call::note_failure(const Error& error) {
    if (!over_) {
        code_ = error.code();
        failure_ = error.what();
    }
}

void Call::when_over(std::function<void()> then) {
    if (over_) {
        then();
    } else {
        then_ = std::move(then);
    }
}

v1::Header Call::bad_end(const Error& error) const {
    v1::Header header = header_of(exchange_ == Exchange::unary ? v1::REPLY : v1::END);
    to_wire(error, *header.mutable_status());
    return header;
}

void Call::answer(v1::Kind kind, const google::protobuf::Message* body, Frames payload) {
    v1::Header header = header_of(kind);
    if (kind == v1::ITEM) {
        header.set_sequence(items_++);
        header.set_credit(take_untold());
    } else {
        header.mutable_status()->set_code(v1::OK);
    }
    Frames frames;
    if (body != nullptr) {
        frames.push_back(serialise(*body));
    }
    std::move(payload.begin(), payload.end(), std::back_inserter(frames));
    send_and_finish(header, std::move(frames));
}

void Call::send_and_finish(const v1::Header& header, Frames frames) {
    if (over_) {
        return;
    }
    // Sending may find the peer gone, which ends the call and lets the server forget it.
    const std::shared_ptr<Call> self = shared_from_this();
    send_(header, std::move(frames));
    if (header.kind() == v1::REPLY || header.kind() == v1::END) {
        finish();
    }
}

v1::Header Call::header_of(v1::Kind kind) const {
    v1::Header header;
    header.set_kind(kind);
    header.set_id(header_.id());
    header.set_version(protocol_version);
    return header;
}

void Call::finish() {
    if (over_) {
        return;
    }
    over_ = true;
    granted_ = nullptr;
    item_ = nullptr;
    end_ = nullptr;
    stop_.request_stop();
    // The server lets go of the call here; keep it until the caller's stack has unwound.
    const std::shared_ptr<Call> self = shared_from_this();
    if (const Finished finished = std::exchange(finished_, nullptr)) {
        finished(*this);
    }
    if (const auto then = std::exchange(then_, nullptr)) {
        then();
    }
}

} // namespace phyll::rpc
