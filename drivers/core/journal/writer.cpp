#include "drivers/core/journal/writer.hpp"

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/journal/encode.hpp"
#include "drivers/core/journal/layout.hpp"
#include "drivers/core/journal/mapped_file.hpp"
#include "drivers/core/journal/scan.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace phyll::journal {
namespace {

Error cannot(const char* what, const std::filesystem::path& path, const std::error_code& code) {
    Code answer = Code::unavailable;
    if (means_full(code.value())) {
        answer = Code::resource_exhausted;
    } else if (code == std::errc::no_such_file_or_directory) {
        answer = Code::not_found;
    } else if (code == std::errc::permission_denied || code == std::errc::read_only_file_system) {
        answer = Code::permission_denied;
    }
    return {answer,
            fmt::format("the journal {} cannot be {}: {}", path.string(), what, code.message())};
}

std::filesystem::path aside(const std::filesystem::path& path) {
    return path.string() + ".new";
}

} // namespace

/// Where writing begins.
struct Writer::Start {
    std::unique_ptr<File> file;
    Opened opened;
    Position end = 0;
    std::uint32_t checksum = 0;
    bool closed = false;
};

Writer::Writer(const WriterOptions& options, const Clock& clock)
    : Writer(options, start(options), clock) {}

Writer::Writer(const WriterOptions& options, Start start, const Clock& clock)
    : rigs_(codecs_of(options.header)),
      opened_(std::move(start.opened)),
      closed_at_(start.closed ? start.end : 0),
      log_(std::move(start.file), options.path, start.end, start.checksum,
           CommitLimits{.file_bytes = options.max_bytes,
                        .file_limit_key = options.max_bytes_key,
                        .queued_bytes = options.max_queued_bytes,
                        .batch_bytes = options.max_batch_bytes},
           clock) {}

Writer::~Writer() {
    try {
        close();
    } catch (const Error&) { // NOLINT(bugprone-empty-catch): whoever had to know has synced
    }
}

Writer::Start Writer::start(const WriterOptions& options) {
    std::error_code code;
    const bool exists = std::filesystem::exists(options.path, code);
    if (code) {
        throw cannot("opened", options.path, code);
    }
    if (!exists && options.durable > 0) {
        throw Error(Code::data_loss,
                    fmt::format("the journal {} is missing; it was durable through byte {}",
                                options.path.string(), options.durable));
    }
    return exists ? go_on(options) : begin(options);
}

Writer::Start Writer::begin(const WriterOptions& options) {
    const std::vector<std::byte> bytes = encode_header(options.header);
    // Under its name there is never half a header: one that is damaged was whole.
    const std::filesystem::path draft = aside(options.path);
    Start start{.file = nullptr,
                .opened = {.kernel_level = options.header.kernel_level},
                .end = bytes.size(),
                .checksum = layout::get<std::uint32_t>(bytes, bytes.size() - 4)};
    try {
        start.file = options.open(draft, Opening::anew);
        write_all(*start.file, 0, bytes);
        start.file->sync();
        publish(draft, options.path);
    } catch (const std::system_error& error) {
        std::error_code ignored;
        std::filesystem::remove(draft, ignored);
        throw cannot("begun", options.path, error.code());
    }
    return start;
}

Writer::Start Writer::go_on(const WriterOptions& options) {
    Start start;
    try {
        start.file = options.open(options.path, Opening::existing);
        const MappedFile mapped(options.path);
        const HeaderBytes header = decode_header(mapped.bytes(), options.path);
        check_matches(header.header, options.header, options.path);
        const Scan found =
            scan(mapped.bytes(), header, codecs_of(header.header), options.durable, options.path);
        start.opened = {.existed = true,
                        .cut_bytes = mapped.bytes().size() - found.end,
                        .kernel_level = header.header.kernel_level};
        start.end = found.end;
        start.checksum = header.checksum;
        start.closed = found.closed;
        if (start.opened.cut_bytes > 0) {
            start.file->truncate(found.end);
        }
        // What a process that died had written, but not synced, is kept: so it has to be durable.
        start.file->sync();
    } catch (const std::system_error& error) {
        throw cannot("opened", options.path, error.code());
    }
    return start;
}

Position Writer::append(const Facts& facts, const Deadline& deadline, std::stop_token stop) {
    return log_.append(encode(facts, rigs_), deadline, stop);
}

Position Writer::append(const Raw& raw, const Deadline& deadline, std::stop_token stop) {
    return log_.append(encode(raw, rigs_), deadline, stop);
}

Position Writer::append(const Mark& mark, const Deadline& deadline, std::stop_token stop) {
    return log_.append(encode(mark, rigs_), deadline, stop);
}

Position Writer::append(const Origins& origins, const Deadline& deadline, std::stop_token stop) {
    return log_.append(encode(origins, rigs_), deadline, stop);
}

void Writer::sync_through(Position position, const Deadline& deadline, std::stop_token stop) {
    log_.sync_through(position, deadline, stop);
}

void Writer::retry() {
    log_.retry();
}

void Writer::close(const Deadline& deadline, std::stop_token stop) {
    std::vector<std::byte> last;
    if (log_.end() != closed_at_) {
        last = layout::new_record(layout::RecordType::closed, layout::head_bytes);
    }
    log_.close(std::move(last), deadline, stop);
}

Position Writer::end() const {
    return log_.end();
}

Position Writer::synced() const {
    return log_.synced();
}

} // namespace phyll::journal
