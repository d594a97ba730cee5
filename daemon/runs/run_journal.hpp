#pragma once

#include "daemon/runs/response_memory.hpp"
#include "daemon/training/scheme.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/journal/fact_index.hpp"
#include "drivers/core/journal/reader.hpp"
#include "drivers/core/journal/writer.hpp"
#include "drivers/core/physical_layer.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

namespace phyll::runs {

/// What a query of a run measured. Owns nothing.
struct RunFacts {
    std::string_view rig;
    training::Purpose purpose = training::Purpose::training;
    std::uint64_t key = 0;
    std::uint64_t first_number = 0;
    std::size_t layer = 0; ///< counted from 0
    ConstBlock stimuli;
    ConstBlock responses;
    std::span<const StimulusHash> hashes;
    SampleTime time{}; ///< from its start to its end
};

struct RunJournalOptions {
    std::filesystem::path path;
    std::uint64_t run = 0;
    std::uint64_t seed = 0;
    /// Of all that the rigs are configured to be: a journal of other devices is of no use.
    std::array<unsigned char, 32> configuration_hash{};
    std::string kernel_level{};
    std::map<std::string, const LayerSpec*> rigs{};
    std::uint64_t max_bytes = UINT64_MAX;
};

/// The journal of a run: what was measured before the daemon went away under it is found here and
/// not asked again, and what is measured now is kept before it is used.
///
/// Thread rule: one caller at a time; writing goes on behind its back.
class RunJournal {
  public:
    /// Begins the journal, or goes on with the one that is there. One of other devices is put aside
    /// (see `notice`). `clock` outlives the journal. Throws what journal::Writer throws.
    RunJournal(const RunJournalOptions& options, const Clock& clock);
    RunJournal(const RunJournal&) = delete;
    RunJournal& operator=(const RunJournal&) = delete;
    ~RunJournal();

    /// Where the journal of a run is, in the run's folder.
    [[nodiscard]] static std::filesystem::path file_in(const std::filesystem::path& folder) {
        return folder / "journal";
    }
    /// How many measurements a journal that nobody writes has; 0 when there is none or it cannot be
    /// read.
    [[nodiscard]] static std::uint64_t measurements(const std::filesystem::path& path) noexcept;

    /// What was found, to be told to whoever looks after the run; empty where nothing was there.
    [[nodiscard]] const std::string& notice() const noexcept { return notice_; }

    /// Fills in the response that this number had before, to the same stimulus, and returns how
    /// long that took, in s; nothing when it was not measured, or as an answer to something else.
    [[nodiscard]] std::optional<double> recall(std::string_view rig, training::Purpose purpose,
                                               std::uint64_t number, const StimulusHash& hash,
                                               std::span<float> response) const;

    /// Takes the facts; they are durable some time later. Throws what journal::Writer::append does.
    void keep(const RunFacts& facts, std::stop_token stop);

    /// Returns when everything is durable, and takes no more.
    void close(std::stop_token stop);

  private:
    [[nodiscard]] journal::FactTime wall_time(const SampleTime& time) const;

    const Clock& clock_;
    std::map<std::string, std::uint32_t, std::less<>> places_; ///< of rigs in the header
    std::string notice_;
    std::unique_ptr<journal::Writer> writer_;
    std::unique_ptr<journal::Reader> reader_; ///< of what was there; null: nothing
    std::unique_ptr<journal::FactIndex> known_;
};

} // namespace phyll::runs
