#include "drivers/core/journal/reader.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/journal/file.hpp"
#include "drivers/core/journal/scan.hpp"

#include <fmt/format.h>

#include <cassert>
#include <system_error>

namespace phyll::journal {
namespace {

/// A writer may cut what lies behind its last durable byte, which a mapping would not survive.
std::filesystem::path check_quiet(const std::filesystem::path& path, bool bounded) {
    bool written = false;
    try {
        written = !bounded && is_being_written(path);
    } catch (const std::system_error&) { // NOLINT(bugprone-empty-catch): mapping it says why
    }
    if (written) {
        throw Error(
            Code::failed_precondition,
            fmt::format("the journal {} is being written: it can be read through a position "
                        "that is durable",
                        path.string()));
    }
    return path;
}

} // namespace

Reader::Reader(const std::filesystem::path& path, std::optional<Position> through)
    : file_(check_quiet(path, through.has_value()), through),
      header_(decode_header(file_.bytes(), path)),
      rigs_(codecs_of(header_.header)) {
    const Scan found = scan(file_.bytes(), header_, rigs_, through.value_or(0), path,
                            [this](Position offset) { offsets_.push_back(offset); });
    end_ = found.end;
    torn_bytes_ = file_.bytes().size() - found.end;
    closed_ = found.closed;
}

RecordView Reader::record(std::size_t index) const {
    assert(index < offsets_.size());
    return record_at(file_.bytes(), offsets_[index], rigs_);
}

} // namespace phyll::journal
