#include "daemon/runs/run_journal.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

namespace phyll::runs {
namespace {

journal::Purpose to_journal(training::Purpose purpose) {
    switch (purpose) {
    case training::Purpose::training:
        return journal::Purpose::training;
    case training::Purpose::evaluation:
        return journal::Purpose::evaluation;
    case training::Purpose::sentinel:
        return journal::Purpose::sentinel;
    case training::Purpose::characterisation:
        return journal::Purpose::characterisation;
    }
    return journal::Purpose::direct;
}

journal::WriterOptions writer_options(const RunJournalOptions& options) {
    journal::WriterOptions out{.path = options.path,
                               .header = {.run = std::to_string(options.run),
                                          .seed = options.seed,
                                          .configuration_hash = options.configuration_hash,
                                          .kernel_level = options.kernel_level},
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

RunJournal::RunJournal(const RunJournalOptions& options, const Clock& clock) : clock_(clock) {
    for (const auto& [name, spec] : options.rigs) {
        places_.emplace(name, static_cast<std::uint32_t>(places_.size()));
    }
    const journal::WriterOptions writer = writer_options(options);
    try {
        writer_ = std::make_unique<journal::Writer>(writer, clock_);
    } catch (const Error& error) {
        if (error.code() != Code::failed_precondition || !std::filesystem::exists(options.path)) {
            throw;
        }
        // Of devices that are others by now.
        const std::filesystem::path aside = put_aside(options.path);
        writer_ = std::make_unique<journal::Writer>(writer, clock_);
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

std::optional<double> RunJournal::recall(std::string_view rig, training::Purpose purpose,
                                         std::uint64_t number, const StimulusHash& hash,
                                         std::span<float> response) const {
    if (!known_) {
        return std::nullopt;
    }
    const std::optional<journal::Fact> fact =
        known_->find(places_.find(rig)->second, to_journal(purpose), number);
    if (!fact || fact->facts.hash(fact->sample) != hash.bytes) {
        return std::nullopt;
    }
    fact->facts.read_response(fact->sample, response);
    const std::optional<journal::FactTime> time = fact->facts.time(fact->sample);
    return time ? Seconds(time->end - time->start).count() / fact->facts.samples : 0.0;
}

void RunJournal::keep(const RunFacts& facts, std::stop_token stop) {
    std::vector<journal::StimulusHash> hashes(facts.hashes.size());
    std::ranges::transform(facts.hashes, hashes.begin(), &StimulusHash::bytes);
    const journal::FactTime time = wall_time(facts.time);
    writer_->append({.rig = places_.find(facts.rig)->second,
                     .purpose = to_journal(facts.purpose),
                     .key = facts.key,
                     .first_number = facts.first_number,
                     .layer = static_cast<std::uint32_t>(facts.layer),
                     .stimuli = facts.stimuli,
                     .responses = facts.responses,
                     .hashes = hashes,
                     .times = std::span(&time, 1)},
                    {}, std::move(stop));
}

void RunJournal::close(std::stop_token stop) {
    writer_->close({}, std::move(stop));
}

journal::FactTime RunJournal::wall_time(const SampleTime& time) const {
    const Clock::Monotonic now = clock_.now();
    const Clock::Wall wall = clock_.wall();
    const auto at = [&](Clock::Monotonic moment) {
        return wall - std::chrono::duration_cast<Clock::Wall::duration>(now - moment);
    };
    return {.start = at(time.start), .end = at(time.end)};
}

} // namespace phyll::runs
