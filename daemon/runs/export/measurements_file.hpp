#pragma once

#include "daemon/runs/export/origin_index.hpp"
#include "drivers/core/journal/reader.hpp"
#include "drivers/core/physical_layer.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::runs {

/// How many bytes `write_measurements` writes, about.
[[nodiscard]] std::uint64_t measurements_size(const journal::Reader& reader);

/// What the journal does not know of the data that was shown.
struct ShownData {
    /// How many places of the training split in a row show one original (`training::Split`).
    std::size_t shown_as = 1;
    std::vector<std::string> classes{}; ///< their names, by label; empty: not known
};

/// Writes all that a run measured as HDF5, a group per rig; docs/journal.md says what is in it.
/// Piece by piece: it takes a few MiB of memory, and lets others at the HDF5 library in between.
///
/// Throws INTERNAL with the library's words. Thread rule: one caller at a time.
class MeasurementsWriter {
  public:
    /// Opens the file, which is replaced where it is there; from then on its name does not matter.
    /// `reader` and `rigs` outlive this; the latter say what the journal does not know: the units
    /// of the rigs' responses.
    MeasurementsWriter(const journal::Reader& reader, const std::map<std::string, LayerSpec>& rigs,
                       const std::filesystem::path& file, ShownData shown = {});
    MeasurementsWriter(const MeasurementsWriter&) = delete;
    MeasurementsWriter& operator=(const MeasurementsWriter&) = delete;
    ~MeasurementsWriter();

    /// Writes everything; called once. Throws CANCELLED when asked to stop.
    void write(const std::stop_token& stop);

  private:
    class File;
    void write_rig(std::uint32_t place, const std::stop_token& stop);

    const journal::Reader& reader_;
    const std::map<std::string, LayerSpec>& rigs_;
    ShownData shown_;
    OriginIndex origins_;
    std::unique_ptr<File> file_;
};

} // namespace phyll::runs
