#pragma once

#include "daemon/config/options.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/instruments/shelf.hpp"

#include <phyll/v1/config.pb.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

namespace phyll {

/// What the command line and the configuration file come to.
struct Settings {
    v1::DaemonConfig config; ///< with every default filled in, but for the folders
    std::filesystem::path state_dir;
    std::string data_dir; ///< empty: none
    std::filesystem::path lock_dir;
    /// Reads the configuration file again, as it was read for `config`; throws what is wrong with
    /// it. Empty where there is none.
    std::function<v1::DaemonConfig()> read_again;
};

/// Knows the options of every kind of rig and scheme that this daemon was built with.
[[nodiscard]] std::unique_ptr<config::OptionsResolver> known_options();

/// Reads the dialects of instruments, as everything that is configured is read.
[[nodiscard]] instruments::ReadToml read_toml();

/// Builds every rig once and says what each is made of, and which instruments there are, without
/// reaching for any. Throws what is wrong with one.
void check_rigs(const Settings& settings, std::ostream& out);

/// How serving ended.
enum class Served {
    whole,
    /// A driver did not return, and its thread is still there, with the clock and what else it
    /// stands on: the process has to end without destroying anything.
    thread_left_behind
};

/// Serves until SIGTERM or SIGINT: rigs and runs from the state directory, the ready line on
/// `ready`. Returns after every rig was made safe and runs under way went back to the queue.
/// Throws when it cannot start.
[[nodiscard]] Served serve(const Settings& settings, const Clock& clock, std::ostream& ready);

/// What this machine calls its processor.
[[nodiscard]] std::string cpu_model();

/// "phylld 0.1.0 (f3a1c09b5d2e), kernels x86-64-v3 on Xeon 5": what decides every bit of a result.
[[nodiscard]] std::string version_line();

} // namespace phyll
