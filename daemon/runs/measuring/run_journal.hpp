#pragma once

#include "daemon/runs/measuring/query.hpp"
#include "daemon/runs/measuring/response_memory.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/journal/fact_index.hpp"
#include "drivers/core/journal/reader.hpp"
#include "drivers/core/journal/writer.hpp"
#include "drivers/core/physical_layer.hpp"
#include "drivers/core/raw_samples.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::runs {

struct RunJournalOptions {
    std::filesystem::path path;
    std::uint64_t run = 0;
    std::uint64_t seed = 0;
    /// Of all that the rigs are configured to be: a journal of other devices is of no use.
    std::array<unsigned char, 32> configuration_hash{};
    std::string kernel_level{};
    std::map<std::string, const LayerSpec*> rigs{};
    /// A place that is known to be durable, from a checkpoint: see journal::WriterOptions.
    journal::Position durable = 0;
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
    /// A journal that is over, to be read alone: keeping something throws FAILED_PRECONDITION.
    /// Throws what journal::Reader throws.
    explicit RunJournal(const std::filesystem::path& path);
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
    /// Whether a journal of other devices was found.
    [[nodiscard]] bool was_put_aside() const noexcept { return put_aside_; }

    // What was there when the journal was opened.

    /// Fills in the response that this number had before, to the same stimulus, and returns how
    /// long that took, in s; nothing when it was not measured, or as an answer to something else.
    [[nodiscard]] std::optional<double> recall(std::string_view rig, journal::Purpose purpose,
                                               std::uint64_t number, const StimulusHash& hash,
                                               std::span<float> response) const;
    /// The response that this number had, whatever was asked; false when it was not measured.
    bool recall(std::string_view rig, journal::Purpose purpose, std::uint64_t number,
                StimulusHash& hash, std::span<float> response) const;
    /// The response to a stimulus in an era, whatever it was measured for; of several the first.
    [[nodiscard]] bool find(std::string_view rig, std::uint64_t era, const StimulusHash& hash,
                            std::span<float> response) const;
    /// Where eras of the rig ended, in order.
    [[nodiscard]] std::vector<journal::Mark> era_marks(std::string_view rig) const;

    // These throw what journal::Writer::append does, and may be called again after that: what was
    // taken before is not lost.

    /// Takes the answers to a query; they are durable some time later. `times`: of each sample, or
    /// one from the query's start to its end; none: not known. `raw` is what the instrument gave
    /// for some of the samples.
    void keep(const Query& query, std::span<const SampleTime> times, std::stop_token stop,
              std::span<const RawSamples::Sample> raw = {});
    /// The mark's rig and time are filled in.
    void mark(journal::Mark mark, std::string_view rig, std::stop_token stop);
    /// Returns when everything is durable, with the position behind it.
    [[nodiscard]] journal::Position sync(std::stop_token stop);
    /// Returns when everything is durable, and takes no more.
    void close(std::stop_token stop);

  private:
    [[nodiscard]] std::uint32_t place(std::string_view rig) const;
    [[nodiscard]] std::vector<journal::FactTime>
    wall_times(std::span<const SampleTime> times) const;
    template <class Work>
    auto write(const std::stop_token& stop, Work&& work);

    const Clock* clock_ = nullptr;                             ///< null: nothing is written
    std::map<std::string, std::uint32_t, std::less<>> places_; ///< of rigs in the header
    std::string notice_;
    bool put_aside_ = false;
    std::unique_ptr<journal::Writer> writer_;
    std::unique_ptr<journal::Reader> reader_; ///< of what was there; null: nothing
    std::unique_ptr<journal::FactIndex> known_;
    bool failed_ = false; ///< the last thing that was to be written could not be
};

} // namespace phyll::runs
