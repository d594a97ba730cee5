#include "verify.hpp"

#include "daemon.hpp"
#include "daemon/rig/rig_factory.hpp"
#include "daemon/runs/data_files.hpp"
#include "daemon/runs/export/verification.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/temporary_folder.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <thread>

namespace phyll {
namespace {

void say(const runs::BundleManifest& manifest, const runs::Verification& found, std::ostream& out) {
    const auto line = [&](const char* name, const std::string& value) {
        out << fmt::format("  {:<16} {}\n", name, value);
    };
    out << fmt::format("run {} {}\n", manifest.run,
                       found.same ? "is verified: trained again from what it measured, it has the "
                                    "same weights"
                                  : "is not verified: trained again, it has other weights");
    line("weights", "sha256 " + found.weights_sha256);
    line("in the bundle", "sha256 " + manifest.weights_sha256);
    line("test accuracy",
         fmt::format("{:.1f} % of {} samples", 100.0 * found.result.test_accuracy(),
                     found.result.test_samples()));
    for (const std::string& recording : found.result.evidence_of()) {
        line("recording", recording);
    }
    for (const std::string& difference : found.differences) {
        line("differs", difference);
    }
}

nlohmann::json to_json(const runs::BundleManifest& manifest, const runs::Verification& found) {
    return {{"event", "verified"},
            {"run", manifest.run},
            {"same", found.same},
            {"weights_sha256", found.weights_sha256},
            {"expected_sha256", manifest.weights_sha256},
            {"test_accuracy", found.result.test_accuracy()},
            {"test_samples", found.result.test_samples()},
            {"evidence_of", found.result.evidence_of()},
            {"differences", found.differences}};
}

} // namespace

bool verify_bundle(const std::string& file, bool json, std::ostream& out) {
    const runs::Bundle bundle(runs::read_below({}, "")(std::filesystem::absolute(file).string()),
                              file);
    const TemporaryFolder scratch("phylld-verify");
    const SystemClock clock;
    Workers workers(std::max(1U, std::thread::hardware_concurrency()));
    const runs::Verification found = runs::verify(bundle,
                                                  {.scratch = scratch.path(),
                                                   .version = version(),
                                                   .host = {rig::kernel_level(), cpu_model()},
                                                   .clock = clock,
                                                   .workers = workers,
                                                   .progress = [](const v1::Progress&) {}},
                                                  {});
    if (json) {
        out << to_json(bundle.manifest(), found).dump() << '\n';
    } else {
        say(bundle.manifest(), found, out);
    }
    return found.same;
}

} // namespace phyll
