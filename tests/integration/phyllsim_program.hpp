#pragma once

#include "tests/support/process.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace phyll::test {

inline const std::string phyllsim = PHYLL_BIN_DIR "/phyllsim";
inline const std::string python = "/usr/bin/python3";

/// A bench that runs, and its ready line.
class Sim {
  public:
    explicit Sim(std::vector<std::string> options = {})
        : process_(command(std::move(options)), dir_.path() / "log"),
          ready_(nlohmann::json::parse(process_.read_line())) {}

    Sim(const Sim&) = delete;
    Sim& operator=(const Sim&) = delete;
    /// Killed, it would leave its folder behind.
    ~Sim() {
        process_.signal(SIGTERM);
        process_.wait();
    }

    [[nodiscard]] const nlohmann::json& ready() const { return ready_; }
    [[nodiscard]] Process& process() { return process_; }
    [[nodiscard]] std::string address(std::size_t instrument) const {
        return ready_.at("instruments").at(instrument).at("address");
    }
    [[nodiscard]] std::string port(std::size_t instrument) const {
        const std::string text = address(instrument);
        const std::size_t begin = std::string("TCPIP0::127.0.0.1::").size();
        return text.substr(begin, text.find("::SOCKET") - begin);
    }
    [[nodiscard]] Finished ctl(std::vector<std::string> arguments) const {
        const std::string control = ready_.at("environment").at("PHYLLSIM_CONTROL");
        arguments.insert(arguments.begin(), {phyllsim, "ctl", "--control", control});
        return run_command(arguments);
    }
    [[nodiscard]] nlohmann::json status(std::size_t instrument) const {
        return nlohmann::json::parse(ctl({"status"}).out).at("instruments").at(instrument);
    }

  private:
    static std::vector<std::string> command(std::vector<std::string> options) {
        options.insert(options.begin(), phyllsim);
        return options;
    }

    TempDir dir_;
    Process process_;
    nlohmann::json ready_;
};

/// Requires that such a bench is refused, in these words.
inline void require_refused(std::vector<std::string> options, const std::string& why) {
    options.insert(options.begin(), phyllsim);
    const Finished finished = run_command(options);
    INFO(finished.err);
    REQUIRE(finished.status == 1);
    REQUIRE(contains(finished.err, why));
}

/// What lxi-tools gets for a command, or nothing, with a word, where they are not installed.
[[nodiscard]] inline std::optional<std::string> lxi(const std::string& port,
                                                    const std::string& command) {
    if (!std::filesystem::exists("/usr/bin/lxi")) {
        WARN("skipped: there is no lxi; Debian's package is lxi-tools");
        return std::nullopt;
    }
    const Finished finished =
        run_command({"/usr/bin/lxi", "scpi", "-a", "127.0.0.1", "-r", "-p", port, command});
    INFO(finished.err);
    REQUIRE(finished.status == 0);
    return finished.out;
}

[[nodiscard]] inline bool has_pyvisa() {
    if (std::filesystem::exists(python) &&
        run_command({python, "-c", "import pyvisa_py, usb.core"}).status == 0) {
        return true;
    }
    WARN("skipped: " << python
                     << " has no pyvisa_py or no usb; Debian's packages are python3-pyvisa-py and "
                        "python3-usb");
    return false;
}

/// Command line of a script for Python where the bench's instruments can be reached, those on USB
/// too.
[[nodiscard]] inline std::vector<std::string>
python_command(const Sim& sim, const std::string& script,
               const std::vector<std::string>& arguments) {
    std::vector<std::string> command{"/usr/bin/env"};
    for (const auto& [name, value] : sim.ready().at("environment").items()) {
        command.push_back(name + '=' + value.get<std::string>());
    }
    command.insert(command.end(), {python, "-c", script});
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

[[nodiscard]] inline Finished run_python(const Sim& sim, const std::string& script,
                                         const std::vector<std::string>& arguments) {
    return run_command(python_command(sim, script, arguments));
}

/// Begins a script for pyvisa-py: `instrument(address)` opens one, of SCPI in lines.
inline const std::string visa_opening = R"(
import sys, pyvisa
manager = pyvisa.ResourceManager('@py')
def instrument(address):
    opened = manager.open_resource(address)
    opened.read_termination = opened.write_termination = '\n'
    opened.timeout = 20000
    return opened
)";

} // namespace phyll::test
