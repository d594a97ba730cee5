#include "clients/cpp/block_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace phyll {
namespace {

constexpr const char* stream_method = "phyll.v1.Rigs/Stream";
constexpr std::uint64_t stream_id = 1; // the connection's only request
/// Results that may be on their way, more than blocks of any daemon.
constexpr std::uint32_t results_at_once = 64;
/// Bytes of blocks that may be on their way: far less than a daemon takes from one client, and more
/// than it takes to keep the rig busy.
constexpr std::size_t bytes_at_once = std::size_t{64} << 20U;

/// Two little-endian float64 for each sample.
std::vector<SampleTimes> times_in(const std::string& bytes) {
    static_assert(sizeof(SampleTimes) == 2 * sizeof(double));
    std::vector<SampleTimes> times(bytes.size() / sizeof(SampleTimes));
    if (!times.empty()) { // of nothing there is no place to copy to
        std::memcpy(times.data(), bytes.data(), times.size() * sizeof(SampleTimes));
    }
    return times;
}

Error unexpected(const std::string& what) {
    return {Code::data_loss, fmt::format("phylld sent {} on a stream; it may be of another "
                                         "version: see 'phylld --version'",
                                         what)};
}

} // namespace

BlockStream::BlockStream(const Address& address, const v1::StreamOpening& opening,
                         const Options& options)
    : connection_(address) {
    connection_.interrupt_by(options.interrupt);
    try {
        open(opening, options);
    } catch (...) {
        cancel();
        throw;
    }
}

BlockStream::~BlockStream() {
    cancel();
}

void BlockStream::open(const v1::StreamOpening& opening, const Options& options) {
    v1::StreamRequest request;
    *request.mutable_opening() = opening;
    v1::Header header = wire::request_header(stream_id, stream_method, options.lease);
    header.set_credit(results_at_once);
    wire::Frames frames;
    frames.push_back(wire::serialise(request));
    connection_.send(header, std::move(frames));

    const std::optional<wire::Message> first = receive_message(options.opening);
    if (!first) {
        throw Error(Code::deadline_exceeded,
                    fmt::format("phylld at {} did not open the stream in time; the rig may be "
                                "held: ask again, or give it more time",
                                connection_.endpoint()));
    }
    const v1::StreamItem item = read_item(*first);
    if (!item.has_opened()) {
        throw unexpected("a result before it was open");
    }
    opened_ = item.opened();
}

bool BlockStream::try_send(ConstBlock stimuli) {
    const std::size_t size = stimuli.size() * sizeof(float);
    if (credit_ == 0 || over_ || (bytes_ > 0 && bytes_ + size > bytes_at_once)) {
        return false;
    }
    v1::StreamRequest request;
    v1::Block& description = *request.mutable_block()->mutable_stimuli();
    description.set_channels(static_cast<std::uint32_t>(stimuli.channels()));
    description.set_samples(static_cast<std::uint32_t>(stimuli.samples()));
    wire::Frames frames;
    frames.push_back(wire::serialise(request));
    frames.push_back(wire::payload_of(stimuli));
    v1::Header header = wire::header_of(v1::ITEM, stream_id);
    header.set_sequence(sent_++);
    header.set_credit(std::exchange(due_, 0));
    connection_.send(header, std::move(frames));
    --credit_;
    sizes_.push_back(size);
    bytes_ += size;
    return true;
}

void BlockStream::finish() {
    if (!finished_ && !over_) {
        finished_ = true;
        connection_.send(wire::header_of(v1::END, stream_id), {});
    }
}

std::optional<BlockResult> BlockStream::receive(Timeout timeout) {
    const std::optional<wire::Message> message = receive_message(timeout);
    if (!message) {
        return std::nullopt;
    }
    BlockResult result = read_result(*message);
    ++due_;
    give_credit();
    return result;
}

/// The next item; nothing when none came in time, or the stream is over. After a word about credit
/// alone the time begins anew.
std::optional<wire::Message> BlockStream::receive_message(Timeout timeout) {
    while (!over_) {
        std::optional<wire::Message> message = connection_.receive(stream_id, timeout);
        if (!message) {
            return std::nullopt;
        }
        credit_ += message->header.credit();
        if (message->header.kind() == v1::ITEM) {
            return message;
        }
        if (message->header.kind() != v1::CREDIT) {
            over_ = true;
            wire::throw_unless_ok(message->header.status());
        }
    }
    return std::nullopt;
}

v1::StreamItem BlockStream::read_item(const wire::Message& message) {
    if (message.header.sequence() != items_) {
        throw unexpected(
            fmt::format("item {} in the place of item {}", message.header.sequence(), items_));
    }
    ++items_;
    if (message.rest.empty()) {
        throw unexpected("an item without a body");
    }
    v1::StreamItem item;
    wire::parse(message.rest[0], item);
    return item;
}

BlockResult BlockStream::read_result(const wire::Message& message) {
    v1::StreamItem item = read_item(message);
    if (!item.has_result() || message.rest.size() != 2 || sizes_.empty()) {
        throw unexpected("an item that is no result of a block");
    }
    bytes_ -= sizes_.front();
    sizes_.pop_front();
    v1::StreamResult& told = *item.mutable_result();
    BlockResult result;
    result.block = items_ - 2; // the first item was no result
    result.first = told.first();
    result.responses = wire::block_in(told.responses(), message.rest[1]);
    result.valid = told.valid();
    result.reason = std::move(*told.mutable_reason());
    result.times = times_in(told.times());
    result.age = told.age();
    result.hardware_seconds = told.hardware_seconds();
    return result;
}

/// What no block has told the daemon, before it may run dry.
void BlockStream::give_credit() {
    if (due_ >= results_at_once / 2) {
        v1::Header header = wire::header_of(v1::CREDIT, stream_id);
        header.set_credit(std::exchange(due_, 0));
        connection_.send(header, {});
    }
}

void BlockStream::cancel() {
    if (!over_) {
        try {
            connection_.send(wire::header_of(v1::CANCEL, stream_id), {});
        } catch (const zmq::error_t&) {
            // Nobody is there any more who could give up the stream.
        }
        over_ = true;
    }
}

} // namespace phyll
