#include "tests/support/process.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace phyll::test {
namespace {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

Process::Process(const std::vector<std::string>& command, const std::filesystem::path& log) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe");
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
    // Or a virtual instrument of this process that hangs up would still be connected by the other.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    std::vector<char*> argv;
    for (const std::string& word : command) {
        argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    const int error = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ends[0];
    if (error != 0) {
        ::close(output_);
        throw std::system_error(error, std::generic_category(), command[0]);
    }
}

Process::~Process() {
    if (!ended_) {
        signal(SIGKILL);
        wait();
    }
    ::close(output_);
}

std::string Process::read_line() {
    for (;;) {
        if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        if (!read_some()) {
            return std::exchange(buffer_, {});
        }
    }
}

std::string Process::read_rest() {
    while (read_some()) {
    }
    return std::exchange(buffer_, {});
}

bool Process::read_some() {
    char chunk[4096];
    const ssize_t size = ::read(output_, chunk, sizeof chunk);
    if (size <= 0) {
        return false;
    }
    buffer_.append(chunk, static_cast<std::size_t>(size));
    return true;
}

void Process::signal(int number) const {
    if (!ended_) {
        ::kill(pid_, number);
    }
}

int Process::wait() {
    if (!ended_) {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        ended_ = true;
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return status_;
}

double Process::cpu_seconds() const {
    const std::string stat = read_file("/proc/" + std::to_string(pid_) + "/stat");
    // After the name in parentheses: state and then numbers, of which the 12th and 13th are user
    // and system time in clock ticks.
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string field;
    double ticks = 0;
    for (int k = 0; fields >> field && k < 13; ++k) {
        if (k == 11 || k == 12) {
            ticks += std::stod(field);
        }
    }
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double Process::memory() const {
    std::istringstream figures(read_file("/proc/" + std::to_string(pid_) + "/statm"));
    double pages = 0;
    figures >> pages >> pages; // the second one
    return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1U << 20U);
}

std::size_t Process::descriptors() const {
    const std::filesystem::directory_iterator open("/proc/" + std::to_string(pid_) + "/fd");
    return static_cast<std::size_t>(std::distance(open, std::filesystem::directory_iterator()));
}

Finished run_command(const std::vector<std::string>& command) {
    const TempDir dir;
    const std::filesystem::path log = dir.path() / "err";
    Finished finished;
    Process process(command, log);
    finished.out = process.read_rest();
    finished.status = process.wait();
    finished.err = read_file(log);
    return finished;
}

Daemon::Daemon(const std::string& config, Wrap wrap) : wrap_(std::move(wrap)) {
    configure(config);
    start();
}

Daemon::~Daemon() = default;

void Daemon::configure(const std::string& config) {
    config_ = config;
    if (!config_.empty()) {
        write("phylld.toml", config_);
    }
}

std::vector<std::string> Daemon::command() const {
    std::vector<std::string> command;
    if (wrap_) {
        command = wrap_(state_dir());
    }
    command.insert(command.end(), {PHYLL_BIN_DIR "/phylld", "--state-dir", state_dir().string()});
    if (!config_.starts_with("listen")) {
        command.insert(command.end(), {"--listen", "tcp://127.0.0.1:0"});
    }
    if (!config_.empty()) {
        command.insert(command.end(), {"--config", (dir_.path() / "phylld.toml").string()});
    }
    const bool has_data = config_.find("data_dir") != std::string::npos;
    if (const auto vowels = has_data ? std::nullopt : real_data("vowels/vowels.csv")) {
        command.insert(command.end(), {"--data-dir", vowels->parent_path().parent_path().string()});
    }
    return command;
}

void Daemon::start() {
    process_ = std::make_unique<Process>(command(), dir_.path() / "log");
    const std::string line = process_->read_line();
    if (line.empty()) {
        throw std::runtime_error("phylld did not start: " + log());
    }
    const nlohmann::json ready = nlohmann::json::parse(line);
    ipc_ = ready.at("endpoints").at(0);
    tcp_ = ready.at("endpoints").at(1);
    server_key_ = ready.value("server_key", "");
    metrics_ = ready.value("metrics", "");
}

int Daemon::stop() {
    process_->signal(SIGTERM);
    return process_->wait();
}

void Daemon::kill() {
    process_->signal(SIGKILL);
    process_->wait();
}

std::string Daemon::log() const {
    return read_file(dir_.path() / "log");
}

std::filesystem::path Daemon::write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = dir_.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
}

std::vector<std::string> Daemon::ctl_command(std::vector<std::string> arguments) const {
    std::vector<std::string> command{PHYLL_BIN_DIR "/phyllctl", "--endpoint",
                                     server_key_.empty() ? tcp_ : ipc_};
    command.insert(command.end(), std::make_move_iterator(arguments.begin()),
                   std::make_move_iterator(arguments.end()));
    return command;
}

Finished Daemon::ctl(std::vector<std::string> arguments) const {
    return run_command(ctl_command(std::move(arguments)));
}

} // namespace phyll::test
