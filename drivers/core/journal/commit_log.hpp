#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/journal/file.hpp"
#include "drivers/core/journal/records.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace phyll::journal {

struct CommitLimits {
    std::uint64_t file_bytes = 0;   ///< the file never grows beyond
    std::string file_limit_key;     ///< the key that raises it
    std::uint64_t queued_bytes = 0; ///< what may wait for the disk
    std::size_t batch_bytes = 0;    ///< what is synced at once, unless one record has more
};

/// Records on their way to the end of a file: a queue, and the thread that writes it.
///
/// The thread writes what has gathered, syncs it once, and takes what has gathered meanwhile. Bytes
/// stay in memory until they are durable, so that after an error they are written again from the
/// last durable byte on; the file is cut back to it before.
/// Thread rule: any thread; not while it is destroyed.
class CommitLog {
  public:
    /// `end` is where the file ends, durably. `clock` outlives the log.
    CommitLog(std::unique_ptr<File> file, std::filesystem::path path, Position end,
              std::uint32_t header_checksum, CommitLimits limits, const Clock& clock);
    CommitLog(const CommitLog&) = delete;
    CommitLog& operator=(const CommitLog&) = delete;
    /// Ends when the queue is empty or the disk fails.
    ~CommitLog();

    [[nodiscard]] Position append(std::vector<std::byte> record, const Deadline& deadline,
                                  const std::stop_token& stop);
    void sync_through(Position position, const Deadline& deadline, const std::stop_token& stop);
    void retry();
    /// Appends and syncs the last record there will be. When no room was left for it, there is
    /// none.
    void close(std::vector<std::byte> last, const Deadline& deadline, const std::stop_token& stop);

    [[nodiscard]] Position end() const;
    [[nodiscard]] Position synced() const;

  private:
    /// The bytes of whole records that are written and synced together.
    struct Batch {
        Position start = 0;
        std::vector<std::byte> bytes;
    };

    void run(const std::stop_token& stop);
    void gather(std::unique_lock<std::mutex>& lock);
    void commit();
    [[nodiscard]] std::optional<Error> try_commit();
    void wake_waiters();
    void throw_if_failed() const;
    void check_size(std::size_t record) const;
    [[nodiscard]] bool has_room(std::size_t record) const;
    template <class Predicate>
    void wait(std::unique_lock<std::mutex>& lock, const Predicate& until, const char* what,
              const Deadline& deadline, const std::stop_token& stop);
    [[nodiscard]] Error failure(int number) const;

    const std::unique_ptr<File> file_;
    const std::filesystem::path path_;
    const std::uint32_t header_checksum_;
    const CommitLimits limits_;
    const Clock& clock_;

    mutable std::mutex mutex_;
    std::condition_variable_any work_;
    std::list<std::stop_source> waiters_;
    std::deque<std::vector<std::byte>> queue_;
    std::optional<Error> error_; ///< why the thread does nothing
    Position end_;
    Position synced_;
    bool closed_ = false; ///< takes no more
    bool ended_ = false;  ///< the last record is in the queue, or beyond

    Batch batch_;        ///< of the thread
    bool dirty_ = false; ///< of the thread: the file may have bytes behind what is durable

    std::jthread thread_; ///< last: it uses the others
};

} // namespace phyll::journal
