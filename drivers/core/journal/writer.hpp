#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/core/journal/commit_log.hpp"
#include "drivers/core/journal/file.hpp"
#include "drivers/core/journal/header.hpp"
#include "drivers/core/journal/records.hpp"
#include "drivers/core/journal/views.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::journal {

struct WriterOptions {
    std::filesystem::path path;
    /// Of a new journal; an existing one must match it (`check_matches`).
    Header header;
    /// A place that is known to be durable, from a checkpoint: an existing journal that ends before
    /// it, or is missing, is DATA_LOSS, not a torn tail.
    Position durable = 0;
    std::uint64_t max_bytes = UINT64_MAX; ///< of the file
    std::string max_bytes_key{};          ///< the configuration key to raise, for the message
    /// What may wait in memory for the disk. A single larger record waits alone.
    std::uint64_t max_queued_bytes = std::uint64_t{64} << 20U;
    /// About as much is synced at once.
    std::size_t max_batch_bytes = std::size_t{8} << 20U;
    OpenFile open = open_file;
};

/// What a writer found.
struct Opened {
    bool existed = false;
    std::uint64_t cut_bytes = 0; ///< of a torn tail, which the file no longer has
    std::string kernel_level{};  ///< that the journal was begun with
};

/// Writes the journal of a run: keeps whatever is appended, in order, and says when it is durable.
///
/// `append` copies and returns; a thread of the writer's own writes what has gathered and syncs it
/// once. When more than `max_queued_bytes` wait for the disk, `append` waits too.
///
/// When the disk fails, nothing is lost that was appended: it stays in memory, every call throws
/// what the disk said (RESOURCE_EXHAUSTED when it is full, UNAVAILABLE otherwise), and goes on
/// after `retry`.
///
/// Thread rule: any thread, several at a time; the destructor alone.
class Writer {
  public:
    /// Begins a journal, or verifies an existing one, cuts its torn tail and goes on behind it.
    /// Both are durable when this returns. `clock` outlives the writer.
    ///
    /// Throws what `decode_header`, `check_matches` and `encode_header` throw; DATA_LOSS when the
    /// journal is damaged before its tail; FAILED_PRECONDITION when somebody else writes it;
    /// NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED or UNAVAILABLE when the disk refuses.
    Writer(const WriterOptions& options, const Clock& clock);
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    /// Closes, as far as the disk takes it. Waits for the disk, not for a `retry`.
    ~Writer();

    [[nodiscard]] const Opened& opened() const noexcept { return opened_; }

    /// Returns the position behind the record. Throws, and then the record was not taken:
    /// INVALID_ARGUMENT or INTERNAL as `encode` does, RESOURCE_EXHAUSTED when the file would grow
    /// beyond `max_bytes`, what the disk said, DEADLINE_EXCEEDED or CANCELLED when there is no room
    /// in memory that long, FAILED_PRECONDITION after `close`.
    Position append(const Facts& facts, const Deadline& deadline = {}, std::stop_token stop = {});
    Position append(const Raw& raw, const Deadline& deadline = {}, std::stop_token stop = {});
    Position append(const Mark& mark, const Deadline& deadline = {}, std::stop_token stop = {});
    Position append(const Origins& origins, const Deadline& deadline = {},
                    std::stop_token stop = {});

    /// Returns when everything before `position` is durable. Throws what the disk said,
    /// DEADLINE_EXCEEDED or CANCELLED (it may still become durable), OUT_OF_RANGE for a position
    /// that was never given.
    void sync_through(Position position, const Deadline& deadline = {}, std::stop_token stop = {});

    /// After the disk failed: tries again. `sync_through` says how that went.
    void retry();

    /// Makes everything durable and says so in the file, whose damage can then be told from a torn
    /// tail everywhere. Throws as `sync_through` does; may be called again.
    void close(const Deadline& deadline = {}, std::stop_token stop = {});

    [[nodiscard]] Position end() const;    ///< behind the last record appended
    [[nodiscard]] Position synced() const; ///< what is before is durable

  private:
    struct Start;

    Writer(const WriterOptions& options, Start start, const Clock& clock);
    [[nodiscard]] static Start start(const WriterOptions& options);
    [[nodiscard]] static Start begin(const WriterOptions& options);
    [[nodiscard]] static Start go_on(const WriterOptions& options);

    const std::vector<RigCodecs> rigs_;
    const Opened opened_;
    const Position closed_at_; ///< where the file ended when it was opened closed; else 0
    CommitLog log_;
};

} // namespace phyll::journal
