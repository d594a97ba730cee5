#pragma once

#include "clients/cpp/client.hpp"
#include "place.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace phyll::cli {

/// What phyllctl's exit status says; documented in the README.
enum class Exit : int {
    ok = 0,
    internal = 1,    ///< a bug, or phylld's own failure
    usage = 2,       ///< the command line, a file or a value is wrong
    not_found = 3,   ///< no such rig, run or file
    unavailable = 4, ///< no phylld answers, or the rig does not
    failed_run = 5,  ///< the run that was watched failed or was cancelled
    unwell = 5,      ///< the doctor found what is worse than a note
    refused = 6,     ///< the state of things or the caller's role does not allow it
    timed_out = 7,   ///< a deadline passed, or the call was cancelled
    unimplemented = 8
};

[[nodiscard]] Exit exit_for(Code code) noexcept;

/// What all commands share: the options before the command, the connection, the exit status.
class App {
  public:
    App();

    CLI::App& commands() noexcept { return cli_; }
    /// One JSON object per line instead of text for people.
    [[nodiscard]] bool json() const noexcept { return json_; }
    /// Where phylld is and by which keys, as options and variables say; decided at first use.
    const Place& place();
    /// Connects to it at first use. What else connects does so to its address.
    Client& client();
    /// The same for what drives a rig: under the lease that commands use. Throws INVALID_ARGUMENT
    /// where that is none.
    Client& driving_client();
    /// From here on Ctrl-C ends the call under way instead of the process, so that the daemon is
    /// told.
    void let_signals_interrupt();
    /// What ends waits from then on: a descriptor; -1 before that.
    [[nodiscard]] int interrupt() const noexcept { return interrupt_; }
    /// Token of the lease that commands use: of --lease, else of $PHYLL_LEASE; empty: none.
    [[nodiscard]] std::string lease() const;
    void set_exit(Exit status) noexcept { exit_ = static_cast<int>(status); }
    /// What stands after "--" of a command that runs another one.
    [[nodiscard]] const std::vector<std::string>& command_after_dashes() const noexcept {
        return after_dashes_;
    }
    /// Of a command that was run for somebody.
    void set_exit(int status) noexcept { exit_ = status; }

    /// Parses, runs the command and says what went wrong.
    int run(int argc, char** argv);

  private:
    CLI::App cli_;
    Said said_;
    std::optional<Place> place_;
    bool json_ = false;
    std::string lease_;
    std::vector<std::string> after_dashes_;
    int exit_ = 0;
    int interrupt_ = -1;
    std::unique_ptr<Client> client_;
};

void add_rig_commands(App& app);
/// Makes the command "rig".
void add_characterise_command(App& app);
/// More of "rig".
void add_rig_care_commands(App& app);
void add_jog_command(App& app);
void add_snapshot_command(App& app);
/// "stop", and more of "rig".
void add_stop_commands(App& app);
void add_lease_commands(App& app);
void add_stream_command(App& app);
void add_instrument_commands(App& app);
void add_run_commands(App& app);
void add_infer_command(App& app);
void add_data_commands(App& app);
void add_verify_command(App& app);
/// Who may talk to a phylld, and the user's own key.
void add_key_commands(App& app);
/// The labs that the user has keys for.
void add_lab_commands(App& app);
void add_audit_command(App& app);
void add_log_level_command(App& app);
void add_doctor_command(App& app);
void add_metrics_command(App& app);
/// The manual page and what bash completes by, of all these.
void add_manual(App& app);

} // namespace phyll::cli
