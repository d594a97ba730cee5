#pragma once

#include "daemon/config/options.hpp"

#include <phyll/v1/config.pb.h>
#include <phyll/v1/run_spec.pb.h>

#include <span>
#include <string>
#include <string_view>

namespace phyll::config {

// What these hand out is complete and consistent in itself: every default is filled in, options
// are packed for every rig and scheme, all rules hold, and so do the rules that need more than one
// field. Whether rigs and files that it names exist is not known here. All of them throw
// INVALID_ARGUMENT with everything that is wrong.

/// Reads the daemon's configuration from TOML.
[[nodiscard]] v1::DaemonConfig load_daemon_config(std::string_view text,
                                                  const std::string& file_name,
                                                  const OptionsResolver& resolver);

/// Reads a run file; `overrides` ("training.epochs=50") are applied after it.
[[nodiscard]] v1::RunSpec load_run_spec(std::string_view text, const std::string& file_name,
                                        std::span<const std::string> overrides,
                                        const OptionsResolver& resolver);

/// Completes and checks a run that came as a message.
void check_run_spec(v1::RunSpec& spec, const OptionsResolver& resolver);

/// The configuration of a daemon that was given none, as TOML: a lab of simulated rigs.
[[nodiscard]] std::string_view embedded_config() noexcept;

} // namespace phyll::config
