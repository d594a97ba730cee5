#include "daemon/runs/export/bundle_writer.hpp"

#include "daemon/runs/contents/named_files.hpp"
#include "daemon/runs/data_files.hpp"
#include "daemon/runs/export/manifest.hpp"
#include "daemon/runs/measuring/run_journal.hpp"
#include "daemon/runs/nameless_file.hpp"
#include "daemon/runs/result_file.hpp"
#include "daemon/runs/rigs_file.hpp"
#include "daemon/runs/run_state.hpp"
#include "daemon/training/data/zip_writer.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace phyll::runs {
namespace {

/// The files, and what the manifest says of them.
class Entries {
  public:
    void add(std::string name, std::string what, const DataFile& file, std::string path = "") {
        files_.push_back({.name = name,
                          .what = std::move(what),
                          .path = std::move(path),
                          .size = file.size(),
                          .sha256 = sha256_of(*file.bytes())});
        entries_.push_back({.name = std::move(name), .content = file.bytes()});
    }

    /// A file of the run's folder, if it is there.
    void add_kept(const std::filesystem::path& path, std::string what) {
        if (std::filesystem::exists(path)) {
            add(path.filename().string(), std::move(what), read_below("", "")(path.string()));
        }
    }

    [[nodiscard]] const std::vector<BundledFile>& files() const { return files_; }
    [[nodiscard]] std::vector<training::ZipEntry> take() { return std::move(entries_); }

  private:
    std::vector<BundledFile> files_;
    std::vector<training::ZipEntry> entries_;
};

Entries entries_of(const RunRecord& run, const FileReader& read) {
    const std::filesystem::path folder = run.info.folder();
    Entries out;
    out.add_kept(folder / "run.toml", "the run file, as it was given");
    out.add("spec.json",
            "what was run: phyll.v1.RunSpec, with everything set beside the file and "
            "every default",
            to_json(run.spec));
    out.add("conditions.json", "what it was run under: phyll.v1.Conditions",
            to_json(run.info.conditions()));
    if (run.info.has_result()) {
        out.add("result.json", "what came out: phyll.v1.RunResult", to_json(run.info.result()));
    }
    out.add_kept(folder / "result.h5", "the trained network");
    out.add_kept(RunJournal::file_in(folder), "everything that was measured");
    out.add_kept(folder / rigs_file_name, "what the rigs were: phyll.v1.RigsReply");
    int place = 0;
    for (const std::string& path : data_files_of(run.spec)) {
        out.add(fmt::format("data/{}/{}", ++place, std::filesystem::path(path).filename().string()),
                "data", read(path), path);
    }
    return out;
}

BundleManifest manifest_of(const RunRecord& run, const std::vector<BundledFile>& files) {
    return {.run = run.info.run(),
            .version = run.info.conditions().version(),
            .kernel_level = run.info.conditions().kernel_level(),
            .cpu_model = run.info.conditions().cpu_model(),
            .weights_sha256 = run.info.result().weights_sha256(),
            .files = files};
}

} // namespace

std::shared_ptr<const ByteSource> make_bundle(const RunRecord& run, const FileReader& read,
                                              const std::stop_token& stop) {
    if (!is_final(run.info.state())) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is {}; a bundle is made of a run that is over",
                                run.info.run(), name_of(run.info.state())));
    }
    if (run.info.kind() == v1::RECORDING) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} is a recording: there is nothing to train again; its "
                                "measurements can be exported",
                                run.info.run()));
    }
    if (run.info.replay_of() != 0) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {0} is a replay of run {1} and has measured nothing; a bundle "
                                "can be made of run {1}",
                                run.info.run(), run.info.replay_of()));
    }
    Entries collected = entries_of(run, read);
    const BundleManifest manifest = manifest_of(run, collected.files());
    std::vector<training::ZipEntry> entries = collected.take();
    entries.insert(entries.begin(),
                   {.name = manifest_name, .content = DataFile(to_json(manifest)).bytes()});
    const auto file =
        std::make_shared<NamelessFile>(run.info.folder(), "the bundle cannot be written");
    training::write_zip(*file, entries, static_cast<std::time_t>(run.info.finished()), stop);
    return file;
}

} // namespace phyll::runs
