#include "daemon/runs/export/run_export.hpp"

#include "daemon/runs/export/bundle_writer.hpp"
#include "daemon/runs/export/drift.hpp"
#include "daemon/runs/export/measurements_file.hpp"
#include "daemon/runs/export/numpy_file.hpp"
#include "daemon/runs/export/setup.hpp"
#include "daemon/runs/measuring/run_journal.hpp"
#include "daemon/runs/nameless_file.hpp"
#include "daemon/runs/rigs_file.hpp"
#include "daemon/runs/spilling_bytes.hpp"
#include "daemon/training/data/augment.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/journal/reader.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ctime>
#include <filesystem>
#include <optional>
#include <system_error>

namespace phyll::runs {
namespace {

/// What is left of the disk for others.
constexpr std::uint64_t bytes_left_to_others = std::uint64_t{64} << 20U;

std::unique_ptr<journal::Reader> open_journal(const RunRecord& run) {
    const std::filesystem::path path = RunJournal::file_in(run.info.folder());
    if (!std::filesystem::exists(path)) {
        throw Error(Code::not_found,
                    fmt::format("run {} has no journal: it has measured nothing", run.info.run()));
    }
    try {
        return std::make_unique<journal::Reader>(path);
    } catch (const Error& error) {
        if (error.code() != Code::failed_precondition) {
            throw;
        }
        throw Error(error.code(), fmt::format("run {} is under way and writes its journal; ask "
                                              "again when it is over",
                                              run.info.run()));
    }
}

/// HDF5 does not say well that a disk is full.
void check_room(const std::filesystem::path& folder, std::uint64_t bytes) {
    std::error_code code;
    const std::filesystem::space_info space = std::filesystem::space(folder, code);
    if (!code && space.available < bytes + bytes_left_to_others) {
        throw Error(Code::resource_exhausted,
                    fmt::format("the export takes {} MB for a while, and {} has {} MB left; free "
                                "some space",
                                bytes / 1'000'000, folder.string(), space.available / 1'000'000));
    }
}

std::shared_ptr<const ByteSource> measurements(const RunRecord& run, const std::stop_token& stop) {
    const std::unique_ptr<journal::Reader> reader = open_journal(run);
    check_room(run.info.folder(), measurements_size(*reader));
    const std::filesystem::path known = std::filesystem::path(run.info.folder()) / rigs_file_name;
    const std::map<std::string, LayerSpec> rigs =
        std::filesystem::exists(known) ? read_rigs(known) : std::map<std::string, LayerSpec>();
    std::optional<MeasurementsWriter> writer;
    const auto file = std::make_shared<NamelessFile>(
        run.info.folder(), "the measurements cannot be exported",
        [&](const std::filesystem::path& path) {
            const auto& classes = run.info.result().classes();
            writer.emplace(*reader, rigs, path,
                           ShownData{.shown_as = training::shown_as(run.spec.data()),
                                     .classes = {classes.begin(), classes.end()}});
        });
    writer->write(stop);
    writer.reset(); // closes it
    return file;
}

std::shared_ptr<const ByteSource> numpy_arrays(const RunRecord& run, const std::stop_token& stop) {
    const std::unique_ptr<journal::Reader> reader = open_journal(run);
    check_room(run.info.folder(), numpy_size(*reader));
    const auto file =
        std::make_shared<NamelessFile>(run.info.folder(), "the measurements cannot be exported");
    write_numpy(*reader, *file, static_cast<std::time_t>(run.info.submitted()),
                spill_into(run.info.folder()), stop);
    return file;
}

/// A bundle is checked as a whole by whoever gets it: what is damaged should not be handed out.
std::shared_ptr<const ByteSource> bundle(const RunRecord& run, const FileReader& read,
                                         const std::stop_token& stop) {
    std::uint64_t bytes = 0;
    if (std::filesystem::exists(RunJournal::file_in(run.info.folder()))) {
        bytes = open_journal(run)->end();
    }
    check_room(run.info.folder(), bytes);
    return make_bundle(run, read, stop);
}

} // namespace

std::shared_ptr<const ByteSource> export_run(const RunRecord& run, const std::string& what,
                                             const FileReader& read, const std::stop_token& stop) {
    if (what == "measurements") {
        return measurements(run, stop);
    }
    if (what == "numpy") {
        return numpy_arrays(run, stop);
    }
    if (what == "bundle") {
        return bundle(run, read, stop);
    }
    if (what == "setup") {
        return DataFile(setup_of(run).dump()).bytes();
    }
    if (what == "drift") {
        return DataFile(drift_of(run.spec.sentinels(), *open_journal(run)).dump()).bytes();
    }
    throw invalid_field(
        "what", fmt::format("{}; valid is 'measurements', 'numpy', 'bundle', 'setup', 'drift'",
                            in_quotes(what)));
}

} // namespace phyll::runs
