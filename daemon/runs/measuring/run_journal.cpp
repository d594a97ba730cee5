#include "daemon/runs/measuring/run_journal.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace phyll::runs {
namespace {

journal::WriterOptions writer_options(const RunJournalOptions& options) {
    journal::WriterOptions out{.path = options.path,
                               .header = {.run = std::to_string(options.run),
                                          .seed = options.seed,
                                          .configuration_hash = options.configuration_hash,
                                          .kernel_level = options.kernel_level},
                               .durable = options.durable,
                               .max_bytes = options.max_bytes,
                               .max_bytes_key = "journal_limit"};
    for (const auto& [name, spec] : options.rigs) {
        out.header.rigs.push_back(journal::rig_entry(name, *spec));
    }
    return out;
}

std::uint64_t samples_of(const journal::Reader& reader) {
    std::uint64_t samples = 0;
    for (std::size_t i = 0; i < reader.size(); ++i) {
        const journal::RecordView record = reader.record(i);
        if (const auto* facts = std::get_if<journal::FactsView>(&record)) {
            samples += facts->samples;
        }
    }
    return samples;
}

/// Gives the journal a name that none has yet.
std::filesystem::path put_aside(const std::filesystem::path& path) {
    std::filesystem::path aside;
    int number = 0;
    do {
        aside = fmt::format("{}-{}", path.string(), ++number);
    } while (std::filesystem::exists(aside));
    std::filesystem::rename(path, aside);
    return aside;
}

} // namespace

RunJournal::RunJournal(const RunJournalOptions& options, const Clock& clock) : clock_(&clock) {
    for (const auto& [name, spec] : options.rigs) {
        places_.emplace(name, static_cast<std::uint32_t>(places_.size()));
    }
    journal::WriterOptions writer = writer_options(options);
    try {
        writer_ = std::make_unique<journal::Writer>(writer, clock);
    } catch (const Error& error) {
        if (error.code() != Code::failed_precondition || !std::filesystem::exists(options.path)) {
            throw;
        }
        // Of devices that are others by now.
        const std::filesystem::path aside = put_aside(options.path);
        put_aside_ = true;
        writer.durable = 0;
        writer_ = std::make_unique<journal::Writer>(writer, clock);
        notice_ = fmt::format("what was measured before is kept in {} and not used: {}",
                              aside.filename().string(), error.what());
        return;
    }
    if (!writer_->opened().existed) {
        return;
    }
    reader_ = std::make_unique<journal::Reader>(options.path, writer_->synced());
    known_ = std::make_unique<journal::FactIndex>(*reader_);
    notice_ =
        fmt::format("goes on from its journal, which has {} measurements", samples_of(*reader_));
    if (const std::uint64_t cut = writer_->opened().cut_bytes; cut > 0) {
        notice_ += fmt::format("; its last {} bytes were torn and are gone", cut);
    }
}

RunJournal::~RunJournal() = default;

std::uint64_t RunJournal::measurements(const std::filesystem::path& path) noexcept {
    try {
        return std::filesystem::exists(path) ? samples_of(journal::Reader(path)) : 0;
    } catch (const std::exception&) {
        return 0;
    }
}

RunJournal::RunJournal(const std::filesystem::path& path)
    : reader_(std::make_unique<journal::Reader>(path)),
      known_(std::make_unique<journal::FactIndex>(*reader_)) {
    for (const journal::RigEntry& rig : reader_->header().rigs) {
        places_.emplace(rig.name, static_cast<std::uint32_t>(places_.size()));
    }
}

std::uint32_t RunJournal::place(std::string_view rig) const {
    return places_.find(rig)->second;
}

std::optional<double> RunJournal::recall(std::string_view rig, journal::Purpose purpose,
                                         std::uint64_t number, const StimulusHash& hash,
                                         std::span<float> response) const {
    if (!known_) {
        return std::nullopt;
    }
    const std::optional<journal::Fact> fact = known_->find(place(rig), purpose, number);
    if (!fact || fact->facts.hash(fact->sample) != hash.bytes) {
        return std::nullopt;
    }
    fact->facts.read_response(fact->sample, response);
    const std::optional<journal::FactTime> time = fact->facts.time(fact->sample);
    return time ? Seconds(time->end - time->start).count() / fact->facts.samples : 0.0;
}

bool RunJournal::recall(std::string_view rig, journal::Purpose purpose, std::uint64_t number,
                        StimulusHash& hash, std::span<float> response) const {
    const std::optional<journal::Fact> fact =
        known_ ? known_->find(place(rig), purpose, number) : std::nullopt;
    if (fact) {
        hash.bytes = fact->facts.hash(fact->sample);
        fact->facts.read_response(fact->sample, response);
    }
    return fact.has_value();
}

bool RunJournal::find(std::string_view rig, std::uint64_t era, const StimulusHash& hash,
                      std::span<float> response) const {
    if (!known_ || !places_.contains(rig)) {
        return false;
    }
    const auto found = known_->find(place(rig), static_cast<std::uint32_t>(era), hash.bytes);
    if (found.empty()) {
        return false;
    }
    const journal::Fact fact = known_->fact(found.front());
    fact.facts.read_response(fact.sample, response);
    return true;
}

std::vector<journal::Mark> RunJournal::era_marks(std::string_view rig) const {
    std::vector<journal::Mark> marks;
    for (std::size_t i = 0; reader_ && i < reader_->size(); ++i) {
        const journal::RecordView record = reader_->record(i);
        const auto* mark = std::get_if<journal::Mark>(&record);
        if (mark != nullptr && mark->rig == place(rig) &&
            (mark->kind == journal::MarkKind::era_ended ||
             mark->kind == journal::MarkKind::touched ||
             mark->kind == journal::MarkKind::changed)) {
            marks.push_back(*mark);
        }
    }
    return marks;
}

template <class Work>
auto RunJournal::write(const std::stop_token& stop, Work&& work) {
    if (!writer_) {
        throw Error(Code::failed_precondition,
                    "this journal is over: it is read, and nothing is added");
    }
    if (failed_) {
        // The writer takes new records before it knows whether the old ones got through.
        writer_->retry();
        writer_->sync_through(writer_->end(), {}, stop);
    }
    failed_ = true;
    if constexpr (std::is_void_v<decltype(work())>) {
        work();
        failed_ = false;
    } else {
        auto result = work();
        failed_ = false;
        return result;
    }
}

void RunJournal::keep(const Query& query, std::span<const SampleTime> times, std::stop_token stop,
                      std::span<const RawSamples::Sample> raw) {
    std::vector<journal::StimulusHash> hashes(query.hashes.size());
    std::ranges::transform(query.hashes, hashes.begin(), &StimulusHash::bytes);
    const std::vector<journal::FactTime> wall = wall_times(times);
    std::vector<journal::Origin> origins(query.origins.size());
    std::ranges::transform(query.origins, origins.begin(), [](const training::Origin& origin) {
        return journal::Origin{origin.sample, origin.label};
    });
    write(stop, [&] {
        writer_->append({.rig = place(query.rig),
                         .purpose = query.purpose,
                         .key = query.key,
                         .first_number = query.number,
                         .layer = static_cast<std::uint32_t>(query.layer),
                         .era = static_cast<std::uint32_t>(query.era),
                         .stimuli = query.stimuli,
                         .responses = query.responses,
                         .hashes = hashes,
                         .times = wall},
                        {}, stop);
        if (!origins.empty()) {
            writer_->append(journal::Origins{.rig = place(query.rig),
                                             .purpose = query.purpose,
                                             .first_number = query.number,
                                             .split = query.on_test ? journal::Split::test
                                                                    : journal::Split::training,
                                             .samples = origins},
                            {}, stop);
        }
        for (const RawSamples::Sample& sample : raw) {
            writer_->append(journal::Raw{.rig = place(query.rig),
                                         .purpose = query.purpose,
                                         .first_number = query.number + sample.sample,
                                         .type = sample.type,
                                         .bytes = sample.bytes},
                            {}, stop);
        }
    });
}

void RunJournal::mark(journal::Mark mark, std::string_view rig, std::stop_token stop) {
    mark.rig = place(rig);
    write(stop, [&] {
        mark.time = clock_->wall();
        writer_->append(mark, {}, stop);
    });
}

journal::Position RunJournal::sync(std::stop_token stop) {
    return write(stop, [&] {
        const journal::Position end = writer_->end();
        writer_->sync_through(end, {}, stop);
        return end;
    });
}

void RunJournal::close(std::stop_token stop) {
    if (writer_) {
        write(stop, [&] { writer_->close({}, stop); });
    }
}

std::vector<journal::FactTime> RunJournal::wall_times(std::span<const SampleTime> times) const {
    const Clock::Monotonic now = clock_->now();
    const Clock::Wall wall = clock_->wall();
    const auto at = [&](Clock::Monotonic moment) {
        return wall - std::chrono::duration_cast<Clock::Wall::duration>(now - moment);
    };
    std::vector<journal::FactTime> out;
    out.reserve(times.size());
    for (const SampleTime& time : times) {
        out.push_back({.start = at(time.start), .end = at(time.end)});
    }
    return out;
}

} // namespace phyll::runs
