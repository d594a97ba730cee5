#pragma once

#include "tests/support/paths.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace phyll::test {

/// A program under test. Killed with the object, if it still runs.
class Process {
  public:
    /// Starts `command` with its standard output on a pipe and its standard error in `log`.
    Process(const std::vector<std::string>& command, const std::filesystem::path& log);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// The next line of standard output, without its end; empty at the end.
    std::string read_line();
    /// Everything else that it writes to standard output, up to its end.
    std::string read_rest();
    void signal(int number) const;
    /// Waits for its end; the exit status, or 128 and the signal's number.
    int wait();
    /// Processor time that it has used, in s.
    [[nodiscard]] double cpu_seconds() const;
    /// Memory that it has at the moment, in MiB.
    [[nodiscard]] double memory() const;
    /// Files, sockets and whatever else it has open.
    [[nodiscard]] std::size_t descriptors() const;

  private:
    /// Waits for more standard output; false at its end.
    bool read_some();

    pid_t pid_ = -1;
    int output_ = -1;
    std::string buffer_;
    bool ended_ = false;
    int status_ = 0;
};

/// What a command that was run to its end left.
struct Finished {
    int status = 0;
    std::string out;
    std::string err;
};

[[nodiscard]] Finished run_command(const std::vector<std::string>& command);

/// A phylld of one test: a state directory and ports of its own.
class Daemon {
  public:
    /// What stands before its command line, given its state directory; see disk.hpp.
    using Wrap = std::function<std::vector<std::string>(const std::filesystem::path& state_dir)>;

    /// The rigs of most tests, which start at once: "cavity" and "echo".
    static constexpr const char* small_lab = R"(
[[rigs]]
name = "cavity"
kind = "acoustic"
[[rigs]]
name = "echo"
kind = "echo"
)";

    /// `config` is the text of a configuration file; empty: the built-in one. Where it names no
    /// data_dir, the daemon has the real data. It listens on loopback, unless the text begins with
    /// another address.
    explicit Daemon(const std::string& config = small_lab, Wrap wrap = nullptr);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    void start();
    /// Another configuration, for the next start.
    void configure(const std::string& config);
    /// Ends it by SIGTERM; returns the exit status.
    int stop();
    /// Ends it by SIGKILL.
    void kill();

    [[nodiscard]] Process& process() { return *process_; }
    [[nodiscard]] const std::string& ipc() const noexcept { return ipc_; }
    [[nodiscard]] const std::string& tcp() const noexcept { return tcp_; }
    /// Its public key, in hexadecimal; empty where it asks nobody for keys.
    [[nodiscard]] const std::string& server_key() const noexcept { return server_key_; }
    /// Where Prometheus reads its metrics; empty: nowhere.
    [[nodiscard]] const std::string& metrics() const noexcept { return metrics_; }
    [[nodiscard]] std::filesystem::path state_dir() const { return dir_.path() / "state"; }
    /// What it wrote to its log so far.
    [[nodiscard]] std::string log() const;

    /// A file in the test's own folder.
    std::filesystem::path write(const std::string& name, const std::string& text) const;
    /// Runs phyllctl against it: by TCP, and by its ipc socket where it asks for keys.
    [[nodiscard]] Finished ctl(std::vector<std::string> arguments) const;
    /// Command line of a phyllctl.
    [[nodiscard]] std::vector<std::string> ctl_command(std::vector<std::string> arguments) const;
    [[nodiscard]] std::vector<std::string> command() const;
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return dir_.path(); }

  private:
    TempDir dir_;
    std::string config_;
    Wrap wrap_;
    std::unique_ptr<Process> process_;
    std::string ipc_;
    std::string tcp_;
    std::string server_key_;
    std::string metrics_;
};

} // namespace phyll::test
