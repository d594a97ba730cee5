#include "daemon/runs/export/verification.hpp"

#include "daemon/runs/attempt.hpp"
#include "daemon/runs/data_files.hpp"
#include "daemon/runs/measuring/run_journal.hpp"
#include "daemon/runs/rigs_file.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <map>

namespace phyll::runs {
namespace {

/// Reads the data that a run file names from where they were unpacked.
FileReader unpack_data(const Bundle& bundle, const std::filesystem::path& folder) {
    std::map<std::string, std::string> unpacked;
    for (const BundledFile& file : bundle.manifest().files) {
        if (!file.path.empty()) {
            const std::string name = fmt::format("{}", unpacked.size());
            bundle.extract(file.name, folder / name);
            unpacked[file.path] = name;
        }
    }
    return [unpacked, read = read_below(folder.string())](const std::string& path) {
        const auto found = unpacked.find(path);
        if (found == unpacked.end()) {
            throw Error(Code::not_found,
                        fmt::format("the bundle has no data file {}", in_quotes(path)));
        }
        return read(found->second);
    };
}

std::vector<std::string> differences(const BundleManifest& manifest, const VerificationSite& site) {
    std::vector<std::string> out;
    const auto compare = [&](const char* what, const std::string& then, const std::string& now) {
        if (then != now) {
            out.push_back(fmt::format("{}: trained with {}, verified with {}", what, then, now));
        }
    };
    compare("phylld", manifest.version, site.version);
    compare("kernel level", manifest.kernel_level, site.host.kernel_level);
    compare("processor", manifest.cpu_model, site.host.cpu_model);
    return out;
}

void check(const Bundle& bundle) {
    if (bundle.manifest().weights_sha256.empty()) {
        throw Error(Code::failed_precondition,
                    fmt::format("run {} of the bundle trained no network: there is nothing to "
                                "compare with",
                                bundle.manifest().run));
    }
}

} // namespace

Verification verify(const Bundle& bundle, const VerificationSite& site,
                    const std::stop_token& stop) {
    check(bundle);
    const StateDir state(site.scratch / "state");
    Store store(state.database());
    const v1::RunSpec spec = bundle.spec();
    const std::filesystem::path data = site.scratch / "data";
    std::filesystem::create_directories(data);
    const RunSite run_site{
        .host = site.host,
        .store = store,
        .state = state,
        .clock = site.clock,
        .read = unpack_data(bundle, data),
        .max_journal_bytes = UINT64_MAX,
        .hold_limit = Seconds(0.0),
        .workers = &site.workers,
        .stored = [](std::uint64_t) {},
        .moved = [](std::uint64_t, v1::RunState, const std::string&) {},
        .progress = [&](std::uint64_t, const v1::Progress& progress) { site.progress(progress); },
        .finished = [](std::uint64_t, const Outcome&) {}};
    RunOrder order{
        .run = 0, .spec = spec, .rigs = {}, .conditions = bundle.conditions(), .replay_of = 0};
    if (!rigs_of(spec).empty()) {
        order.replay_of = store.add_run({}, spec, "");
        const std::filesystem::path folder = state.run(order.replay_of);
        bundle.extract("journal", RunJournal::file_in(folder));
        bundle.extract(rigs_file_name, folder / rigs_file_name);
    }
    order.run = store.add_run({}, spec, "");
    store.started(order.run, order.conditions, wall_seconds(site.clock));
    Verification out;
    out.result = Attempt(order, run_site, stop).run();
    out.weights_sha256 = out.result.weights_sha256();
    out.differences = differences(bundle.manifest(), site);
    out.same = out.weights_sha256 == bundle.manifest().weights_sha256;
    return out;
}

} // namespace phyll::runs
