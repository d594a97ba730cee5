#include "daemon/rpc/services/audit_trail.hpp"

#include "daemon/rpc/services/in_short.hpp"
#include "daemon/runs/run_site.hpp"
#include "drivers/core/text.hpp"

#include <google/protobuf/message.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <utility>

namespace phyll::rpc {
namespace {

using namespace std::chrono_literals;

/// What is of the same kind within so many seconds is one entry.
constexpr double together = 60.0;
constexpr auto between_writes = 1s;
/// Kinds of entries that wait to be written, and of the last minute. Of those who were refused
/// there are fewer, so that whoever knocks leaves room for those who are let in.
constexpr std::size_t most_kept = 10'000;
constexpr std::size_t most_refused = 5'000;

bool is_refusal(Code code) {
    return code == Code::permission_denied || code == Code::unauthenticated;
}

v1::Recorded kept_as(const Dispatcher::Method& method) {
    const v1::Recorded stated = method.descriptor->options().GetExtension(v1::recorded);
    return stated == v1::RECORDED_BY_ROLE && method.role != v1::ROLE_VIEWER ? v1::RECORDED_EACH
                                                                            : stated;
}

/// Empty for a body that cannot be read.
std::string asked_for(const Call& call, const Dispatcher::Method& method) {
    const auto* factory = google::protobuf::MessageFactory::generated_factory();
    const std::unique_ptr<google::protobuf::Message> request(
        const_cast<google::protobuf::MessageFactory*>(factory)
            ->GetPrototype(method.descriptor->input_type())
            ->New());
    try {
        call.read_body(*request);
    } catch (const Error&) {
        return {};
    }
    return in_short(*request);
}

std::string short_message(const std::string& message) {
    constexpr std::size_t longest = 300;
    return message.size() <= longest ? message : utf8(message.substr(0, longest)) + "...";
}

} // namespace

AuditTrail::AuditTrail(runs::Store& store, const Clock& clock)
    : store_(store),
      clock_(clock),
      clerk_([this](const std::stop_token& stop) { write_regularly(stop); }) {}

AuditTrail::~AuditTrail() {
    clerk_.request_stop();
    clerk_.join();
    try {
        write();
    } catch (const std::exception& error) {
        spdlog::error("the last entries of the audit trail are lost: {}", error.what());
    }
}

void AuditTrail::note(const Call& call, const Dispatcher::Method* method) {
    const bool refused = is_refusal(call.code());
    if (method == nullptr || (kept_as(*method) == v1::RECORDED_BY_ROLE && !refused)) {
        return;
    }
    v1::AuditEntry entry;
    entry.set_who(utf8(call.caller().name));
    entry.set_address(utf8(call.caller().address));
    entry.set_method(call.header().method());
    entry.set_code(static_cast<int>(call.code()));
    const bool each = kept_as(*method) == v1::RECORDED_EACH;
    if (each && !refused) {
        entry.set_what(asked_for(call, *method));
    }
    if (each || refused) { // which may be another one each time
        entry.set_message(short_message(call.failure()));
    }
    add(std::move(entry));
}

void AuditTrail::note_turned_away(const std::optional<PublicKey>& key, const std::string& address) {
    v1::AuditEntry entry;
    // Not which key, for that may be another one each time.
    entry.set_who(key ? "somebody with an unknown or revoked key" : "somebody without a key");
    entry.set_address(utf8(address));
    entry.set_method("connect");
    entry.set_code(static_cast<int>(Code::unauthenticated));
    entry.set_message("was not let in");
    add(std::move(entry));
}

void AuditTrail::add(v1::AuditEntry entry) {
    const double now = runs::wall_seconds(clock_);
    entry.set_first(now);
    entry.set_last(now);
    entry.set_count(1);
    {
        const std::lock_guard lock(mutex_);
        if (count_to(waiting_, {std::move(entry), noted_so_far_++}) == nullptr) {
            ++lost_;
            return;
        }
    }
    came_.notify_one();
}

void AuditTrail::write_regularly(const std::stop_token& stop) {
    bool failed = false;
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            came_.wait(lock, stop, [&] { return failed || !waiting_.empty(); });
        }
        try {
            write();
            failed = false;
        } catch (const std::exception& error) {
            if (!std::exchange(failed, true)) { // once, not every second
                spdlog::error("the audit trail cannot be written: {}; tried again every second",
                              error.what());
            }
        }
        std::unique_lock lock(mutex_);
        came_.wait_for(lock, stop, between_writes, [] { return false; });
    }
}

void AuditTrail::write() {
    const std::lock_guard writing(writing_);
    take_noted();
    if (touched_.empty()) {
        return;
    }
    std::ranges::sort(touched_, {}, &Counted::order);
    // One may be there twice, since a write that failed.
    touched_.erase(std::ranges::unique(touched_).begin(), touched_.end());
    std::vector<v1::AuditEntry*> entries;
    std::ranges::transform(touched_, std::back_inserter(entries),
                           [](Counted* counted) { return &counted->entry; });
    store_.write_audit(entries); // what that throws leaves them touched
    touched_.clear();
}

void AuditTrail::take_noted() {
    Entries noted;
    std::uint64_t lost = 0;
    {
        const std::lock_guard lock(mutex_);
        noted.swap(waiting_);
        lost = std::exchange(lost_, 0);
    }
    if (touched_.empty()) { // else some of them are not written yet
        const double old = runs::wall_seconds(clock_) - together;
        std::erase_if(minute_,
                      [&](const auto& known) { return known.second.entry.first() <= old; });
    }
    for (const auto& [kind, one] : noted) {
        if (Counted* counted = count_to(minute_, one)) {
            touched_.push_back(counted);
        } else {
            lost += one.entry.count();
        }
    }
    if (lost > 0) {
        spdlog::warn("the audit trail lacks {} calls, for which there was no room", lost);
    }
}

AuditTrail::Counted* AuditTrail::count_to(Entries& entries, const Counted& noted) {
    const v1::AuditEntry& entry = noted.entry;
    Kind kind(entry.who(), entry.address(), entry.method(), entry.what(), entry.code(),
              entry.message());
    const auto known = entries.find(kind);
    if (known == entries.end()) {
        const std::size_t most =
            is_refusal(static_cast<Code>(entry.code())) ? most_refused : most_kept;
        return entries.size() < most ? &entries.emplace(std::move(kind), noted).first->second
                                     : nullptr;
    }
    v1::AuditEntry& all = known->second.entry;
    all.set_last(std::max(all.last(), entry.last()));
    all.set_count(all.count() + entry.count());
    return &known->second;
}

} // namespace phyll::rpc
