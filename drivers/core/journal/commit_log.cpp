#include "drivers/core/journal/commit_log.hpp"

#include "drivers/core/descriptor.hpp"
#include "drivers/core/journal/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace phyll::journal {

CommitLog::CommitLog(std::unique_ptr<File> file, std::filesystem::path path, Position end,
                     std::uint32_t header_checksum, CommitLimits limits, const Clock& clock)
    : file_(std::move(file)),
      path_(std::move(path)),
      header_checksum_(header_checksum),
      limits_(std::move(limits)),
      clock_(clock),
      end_(end),
      synced_(end),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

CommitLog::~CommitLog() = default;

Position CommitLog::append(std::vector<std::byte> record, const Deadline& deadline,
                           const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const std::size_t bytes = record.size();
    wait(
        lock,
        [&] {
            throw_if_failed();
            if (closed_) {
                throw Error(Code::failed_precondition,
                            fmt::format("the journal {} is closed", path_.string()));
            }
            check_size(bytes);
            return has_room(bytes);
        },
        "has no room for another record", deadline, stop);
    queue_.push_back(std::move(record));
    end_ += bytes;
    work_.notify_one();
    return end_;
}

void CommitLog::sync_through(Position position, const Deadline& deadline,
                             const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (position > end_) {
        throw Error(Code::out_of_range,
                    fmt::format("byte {} of the journal {} was asked to be durable; it has {}",
                                position, path_.string(), end_));
    }
    wait(
        lock,
        [&] {
            if (synced_ >= position) {
                return true;
            }
            throw_if_failed();
            return false;
        },
        "is not on the disk yet", deadline, stop);
}

void CommitLog::retry() {
    const std::lock_guard lock(mutex_);
    error_.reset();
    work_.notify_one();
}

void CommitLog::close(std::vector<std::byte> last, const Deadline& deadline,
                      const std::stop_token& stop) {
    Position end = 0;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        end = end_;
    }
    // On its own, so that it can say of all others that they were durable before it.
    sync_through(end, deadline, stop);
    {
        const std::lock_guard lock(mutex_);
        if (!ended_ && !last.empty() && end_ + last.size() <= limits_.file_bytes) {
            ended_ = true;
            end_ += last.size();
            queue_.push_back(std::move(last));
            work_.notify_one();
        }
        end = end_;
    }
    sync_through(end, deadline, stop);
}

Position CommitLog::end() const {
    const std::lock_guard lock(mutex_);
    return end_;
}

Position CommitLog::synced() const {
    const std::lock_guard lock(mutex_);
    return synced_;
}

void CommitLog::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (true) {
        const bool work = work_.wait(
            lock, stop, [this] { return !error_ && (!batch_.bytes.empty() || !queue_.empty()); });
        if (!work) {
            return;
        }
        gather(lock);
        lock.unlock();
        std::optional<Error> error = try_commit();
        lock.lock();
        if (error) {
            error_ = std::move(error);
        } else {
            synced_ += batch_.bytes.size();
            batch_.bytes.clear();
        }
        wake_waiters();
    }
}

void CommitLog::gather(std::unique_lock<std::mutex>& lock) {
    if (!batch_.bytes.empty()) {
        return; // one that did not get through
    }
    std::vector<std::vector<std::byte>> records;
    std::size_t bytes = 0;
    while (!queue_.empty() &&
           (records.empty() || bytes + queue_.front().size() <= limits_.batch_bytes)) {
        bytes += queue_.front().size();
        records.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    batch_.start = synced_;
    lock.unlock();
    batch_.bytes = std::move(records.front()); // a large record is alone, and not copied
    batch_.bytes.reserve(bytes);
    layout::seal(batch_.bytes, batch_.start, batch_.start, header_checksum_);
    for (std::size_t i = 1; i < records.size(); ++i) {
        layout::seal(records[i], batch_.start + batch_.bytes.size(), batch_.start,
                     header_checksum_);
        batch_.bytes.insert(batch_.bytes.end(), records[i].begin(), records[i].end());
    }
    lock.lock();
}

void CommitLog::commit() {
    if (dirty_) {
        file_->truncate(batch_.start);
    }
    dirty_ = true;
    write_all(*file_, batch_.start, batch_.bytes);
    file_->sync();
    dirty_ = false;
}

std::optional<Error> CommitLog::try_commit() {
    try {
        commit();
        return std::nullopt;
    } catch (const std::system_error& error) {
        try {
            // A reader of a run that is held should find no half records, and others the space.
            file_->truncate(batch_.start);
        } catch (const std::system_error&) { // NOLINT(bugprone-empty-catch): retry cuts it
        }
        return failure(error.code().value());
    }
}

void CommitLog::wake_waiters() {
    for (const std::stop_source& waiter : waiters_) {
        waiter.request_stop();
    }
}

void CommitLog::throw_if_failed() const {
    if (error_) {
        throw Error(*error_);
    }
}

void CommitLog::check_size(std::size_t record) const {
    // What the record that closes the file needs is kept free.
    const std::uint64_t needed = end_ + record + layout::head_bytes;
    if (needed > limits_.file_bytes) {
        throw Error(Code::resource_exhausted,
                    fmt::format("the journal {} is full: with another {} bytes it would have {}, "
                                "its limit is {}; raise {}",
                                path_.string(), record, needed, limits_.file_bytes,
                                limits_.file_limit_key));
    }
}

bool CommitLog::has_room(std::size_t record) const {
    const std::uint64_t waiting = end_ - synced_;
    return waiting == 0 || waiting + record <= limits_.queued_bytes;
}

template <class Predicate>
void CommitLog::wait(std::unique_lock<std::mutex>& lock, const Predicate& until, const char* what,
                     const Deadline& deadline, const std::stop_token& stop) {
    while (!until()) {
        if (stop.stop_requested()) {
            throw Error(Code::cancelled,
                        fmt::format("stopped while the journal {} {}", path_.string(), what));
        }
        if (deadline.passed(clock_)) {
            throw Error(
                Code::deadline_exceeded,
                fmt::format("the journal {} {}: the disk cannot keep up", path_.string(), what));
        }
        // The clock is waited on, whichever it is; progress and the caller's stop end that wait.
        const auto progress = waiters_.emplace(waiters_.end());
        lock.unlock();
        {
            const std::stop_callback stopped(stop, [&] { progress->request_stop(); });
            static_cast<void>(clock_.wait_until(deadline.at(), progress->get_token()));
        }
        lock.lock();
        waiters_.erase(progress);
    }
}

Error CommitLog::failure(int number) const {
    const bool full = means_full(number);
    return {
        full ? Code::resource_exhausted : Code::unavailable,
        fmt::format("{}the journal {} cannot be written: {}; what it was given is kept in memory "
                    "until the disk takes it{}",
                    full ? "the disk is full: " : "", path_.string(),
                    std::generic_category().message(number), full ? ": free some space" : "")};
}

} // namespace phyll::journal
