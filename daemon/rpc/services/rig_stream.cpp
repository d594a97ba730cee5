#include "daemon/rpc/services/rig_stream.hpp"

#include "daemon/rig/evidence.hpp"
#include "daemon/rpc/services/desk.hpp"
#include "daemon/rpc/services/turn.hpp"
#include "drivers/core/text.hpp"

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <exception>
#include <limits>
#include <utility>

namespace phyll::rpc {
namespace {

/// Blocks that may be on their way.
constexpr std::uint32_t window = 16;
/// Values of a block, either way: what is on its way is kept in memory.
constexpr std::size_t most_values = std::size_t{4} << 20U;

bool marks_errors(const v1::StreamOpening& opening) {
    const std::string& on_error = opening.on_error();
    if (!on_error.empty() && on_error != "stop" && on_error != "mark") {
        throw invalid_field("opening.on_error",
                            fmt::format("{}; valid is 'stop', 'mark'", in_quotes(on_error)));
    }
    return on_error == "mark";
}

bool follows(const v1::StreamOpening& opening, const rig::RigThread& rig) {
    if (opening.follow() && !rig.spec().can_follow) {
        throw invalid_field("opening.follow",
                            fmt::format("rig {} cannot do that: its samples are measured one by "
                                        "one (LayerSpec.can_follow)",
                                        in_quotes(rig.name())));
    }
    return opening.follow();
}

/// Throws before the rig is asked: what is on its way must fit into memory.
void check_size(const v1::Block& block, const LayerSpec& spec) {
    const std::size_t width =
        std::max({std::size_t{block.channels()}, spec.n_out(), std::size_t{1}});
    if (block.samples() > most_values / width) {
        throw invalid_field("block.stimuli",
                            fmt::format("{} samples; at most {} fit in a block of this rig",
                                        block.samples(), most_values / width));
    }
}

double seconds_of(Clock::Wall time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// As StreamResult has them.
std::string to_wire(std::span<const SampleTime> times, const Clock& clock) {
    const Clock::Monotonic now = clock.now();
    const double wall = seconds_of(clock.wall());
    const auto at = [&](Clock::Monotonic moment) { return wall - Seconds(now - moment).count(); };
    std::string bytes(times.size() * 2 * sizeof(double), '\0');
    char* place = bytes.data();
    for (const SampleTime& time : times) {
        const std::array<double, 2> both{at(time.start), at(time.end)};
        std::memcpy(place, both.data(), sizeof both);
        place += sizeof both;
    }
    return bytes;
}

} // namespace

RigStream::RigStream(const Site& site, std::shared_ptr<Call> call, const v1::StreamOpening& opening)
    : site_(site),
      call_(std::move(call)),
      rig_(site.lab.rig(opening.rig())),
      key_(opening.has_key() ? opening.key() : fresh_key()),
      number_(opening.number()),
      marks_(marks_errors(opening)),
      follow_(follows(opening, rig_)) {
    require_driver(rig_);
    if (call_->header().lease().empty()) {
        throw Error(Code::failed_precondition,
                    fmt::format("a stream needs a lease on its rig: take one with Leases/Take, on "
                                "another connection, and put its token into the header"));
    }
    lease_ = site.lab.leases().use(lease_of(*call_), rig_.name()).over;
    check_note(opening.note());
    if (opening.record()) {
        recording_ = &site.runs.record({.name = opening.name(),
                                        .note = opening.note(),
                                        .by = call_->caller().name,
                                        .key = key_},
                                       rig_);
    }
}

void RigStream::start() {
    call_->when_item([self = shared_from_this()](Content item) { self->take(std::move(item)); });
    call_->when_end([self = shared_from_this()] {
        self->ended_ = true;
        self->end_if_done();
    });
    call_->when_over([self = shared_from_this()] { self->over(); });
    lease_over_.emplace(lease_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->stop_.request_stop();
            boost::asio::post(self->site_.loop, [self] { self->lease_over(); });
        }
    });
    call_->grant_client(window);
    v1::StreamItem item;
    v1::StreamOpened& opened = *item.mutable_opened();
    opened.set_key(key_);
    if (recording_ != nullptr) {
        opened.set_recording(recording_->run());
    }
    opened.set_window(window);
    opened.set_evidence(rig::to_wire(rig_.spec().evidence));
    call_->item(item);
}

void RigStream::take(Content item) {
    v1::StreamRequest request;
    item.read_body(request);
    if (!request.has_block()) {
        throw invalid_field("block", "missing; each item of a stream is a block of stimuli");
    }
    check_size(request.block().stimuli(), rig_.spec());
    Block block{.measurement = std::make_shared<rig::Measurement>(),
                .number = blocks_++,
                .first = samples_,
                .samples = request.block().stimuli().samples()};
    rig::Measurement& measurement = *block.measurement;
    measurement.stimuli = item.read_payload(request.block().stimuli(), "block.stimuli");
    measurement.context.key = key_;
    measurement.context.number = number_ + samples_;
    measurement.context.stop = stop_.get_token();
    measurement.context.follow = follow_;
    measurement.wants_times = true;
    samples_ += block.samples;
    ++under_way_;
    rig_.measure(block.measurement, [self = shared_from_this(), block] {
        if (block.measurement->failure && !self->marks_) {
            self->stop_.request_stop(); // at once: the rig has the next block already
        }
        boost::asio::post(self->site_.loop, [self, block] { self->measured(block); });
    });
}

void RigStream::measured(const Block& block) {
    if (recording_ != nullptr && !call_->over()) {
        record(block);
        return;
    }
    recorded(block, nullptr);
}

/// Also of a block that failed: results leave in the order of the blocks.
void RigStream::record(const Block& block) {
    const auto done = [self = shared_from_this(), block](std::exception_ptr failure) {
        boost::asio::post(self->site_.loop, [self, block, failure = std::move(failure)] {
            self->recorded(block, failure);
        });
    };
    const std::uint64_t number = number_ + block.first;
    if (block.measurement->failure) {
        recording_->mark(number, block.samples, failure_of(block).what(), done);
    } else {
        recording_->keep(block.measurement, number, done);
    }
}

void RigStream::recorded(const Block& block, const std::exception_ptr& failure) {
    --under_way_;
    if (call_->over()) {
        return;
    }
    if (failure) {
        block.measurement->failure = failure;
    }
    ready_.push_back(block);
    send_results();
}

void RigStream::send_results() {
    while (!ready_.empty() && !call_->over()) {
        if (waiting_ || !call_->take_credit()) {
            if (!std::exchange(waiting_, true)) {
                call_->when_granted([self = shared_from_this()] {
                    self->waiting_ = false;
                    self->send_results();
                });
            }
            return;
        }
        const Block block = std::move(ready_.front());
        ready_.pop_front();
        if (block.measurement->failure) {
            send_failure(block, failure_of(block));
        } else {
            send(block);
        }
    }
    end_if_done();
}

void RigStream::send(const Block& block) {
    rig::Measurement& measurement = *block.measurement;
    v1::StreamItem item;
    v1::StreamResult& result = *item.mutable_result();
    result.set_first(block.first);
    result.set_valid(true);
    result.set_times(to_wire(measurement.times, site_.clock));
    result.set_age(measurement.context.age);
    result.set_hardware_seconds(measurement.seconds);
    Frames frames;
    frames.push_back(give_block(std::move(measurement.responses), *result.mutable_responses()));
    call_->grant_client(1);
    call_->item(item, std::move(frames));
}

void RigStream::send_failure(const Block& block, const Error& why) {
    if (!marks_) {
        fail(why);
        return;
    }
    v1::StreamItem item;
    v1::StreamResult& result = *item.mutable_result();
    result.set_first(block.first);
    result.set_valid(false);
    result.set_reason(utf8(why.what()));
    OwnedBlock nothing(rig_.spec().n_out(), block.samples);
    std::ranges::fill(nothing.view().values(), std::numeric_limits<float>::quiet_NaN());
    Frames frames;
    frames.push_back(give_block(std::move(nothing), *result.mutable_responses()));
    call_->grant_client(1);
    call_->item(item, std::move(frames));
}

void RigStream::fail(const Error& why) {
    stop_.request_stop();
    call_->fail(why);
}

Error RigStream::failure_of(const Block& block) const {
    const std::string where = fmt::format("block {}", block.number);
    try {
        std::rethrow_exception(block.measurement->failure);
    } catch (const Error& error) {
        return error_of(where, error);
    } catch (const std::exception& error) {
        return error_of(where, inside(*call_, error));
    }
}

void RigStream::end_if_done() {
    if (!ended_ || under_way_ > 0 || !ready_.empty() || call_->over()) {
        return;
    }
    if (recording_ != nullptr) {
        end_recording(std::nullopt);
    } else if (!closing_) {
        call_->end();
    }
}

/// A stream that is recorded is over when the recording is on the disk.
void RigStream::end_recording(const std::optional<std::string>& failure) {
    closing_ = true;
    site_.runs.end_recording(std::exchange(recording_, nullptr)->run(), failure, [call = call_] {
        if (!call->over()) {
            call->end();
        }
    });
}

void RigStream::lease_over() {
    if (!call_->over()) {
        fail(lease_end(site_, *call_));
    }
}

void RigStream::over() {
    stop_.request_stop();
    lease_over_.reset();
    ready_.clear();
    if (recording_ != nullptr) {
        end_recording(call_->failure().empty() ? "its client gave it up, or is gone"
                                               : call_->failure());
    }
}

void stream(const Site& site, const v1::StreamRequest& request, const std::shared_ptr<Call>& call) {
    if (!request.has_opening()) {
        throw invalid_field("opening", "missing; a stream begins with what it is about");
    }
    std::make_shared<RigStream>(site, call, request.opening())->start();
}

} // namespace phyll::rpc
