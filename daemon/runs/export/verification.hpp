#pragma once

#include "daemon/runs/export/bundle.hpp"
#include "daemon/runs/run_site.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/workers.hpp"

#include <phyll/v1/runs.pb.h>

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace phyll::runs {

/// What came out when a bundle's run was trained again from what it had measured.
struct Verification {
    std::string weights_sha256; ///< of the network that was trained now
    v1::RunResult result;
    /// In what this machine differs from the one that trained, where that may change bits.
    std::vector<std::string> differences;
    bool same = false; ///< the weights are those of the bundle, to the bit
};

/// What verifying takes of the machine; all of it outlives the call.
struct VerificationSite {
    std::filesystem::path scratch; ///< an empty folder, for what is unpacked
    std::string version;           ///< of phylld
    Host host;
    const Clock& clock;
    Workers& workers;
    std::function<void(const v1::Progress&)> progress;
};

/// Trains the run of a bundle again, on this machine, from the recorded responses and the data in
/// it; no rig is needed, and nothing else than the bundle is read. Throws what `Bundle` does for
/// one that is damaged, FAILED_PRECONDITION for one whose run did not succeed, NOT_FOUND when the
/// journal lacks a measurement that the run asks for, CANCELLED.
[[nodiscard]] Verification verify(const Bundle& bundle, const VerificationSite& site,
                                  const std::stop_token& stop);

} // namespace phyll::runs
