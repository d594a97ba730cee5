// phyllsim: virtual instruments that speak the real protocols, with the physics of the simulated
// rigs between them.

#include "drivers/core/descriptor.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/temporary_folder.hpp"
#include "sim/bench/control/control_server.hpp"
#include "sim/bench/program/arguments.hpp"
#include "sim/bench/program/child.hpp"
#include "sim/bench/server/bench.hpp"
#include "sim/bench/usb/over_usb.hpp"

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <system_error>
#include <unistd.h>

namespace {

using namespace phyll;
using namespace phyll::bench;

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text << std::flush;
    if (!file) {
        throw Error(Code::unavailable,
                    fmt::format("cannot write the configuration {}: {}", path.string(),
                                std::generic_category().message(errno)));
    }
}

/// For a shell: in single quotes.
std::string shell_quoted(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

std::string ready_line(const Arguments& arguments, const BenchStatus& status,
                       const std::filesystem::path& config, const Environment& environment) {
    nlohmann::json line{{"ready", true},
                        {"bench", arguments.bench},
                        {"config", config.string()},
                        {"environment", nlohmann::json::object()},
                        {"instruments", nlohmann::json::array()}};
    for (const auto& [name, value] : environment) {
        line["environment"][name] = value;
    }
    for (const InstrumentStatus& instrument : status.instruments) {
        line["instruments"].push_back({{"name", instrument.name},
                                       {"address", instrument.address},
                                       {"identity", instrument.identity}});
    }
    return line.dump();
}

/// Runs until a signal, or until the command ends. Returns the exit status.
class Serving {
  public:
    explicit Serving(boost::asio::io_context& context) : context_(context), signals_(context) {
        for (const int number : {SIGTERM, SIGINT, SIGCHLD}) {
            signals_.add(number);
        }
        wait();
    }

    [[nodiscard]] int status() const noexcept { return status_; }
    void watch(pid_t child) {
        child_ = child;
        look();
    }

  private:
    void wait() {
        signals_.async_wait([this](const boost::system::error_code& error, int number) {
            if (error) {
                return;
            }
            if (number == SIGCHLD) {
                look();
            } else if (child_ > 0) {
                ::kill(child_, number);
            } else {
                stop();
            }
            wait();
        });
    }

    void look() {
        if (child_ <= 0) {
            return;
        }
        if (const int status = ended_with(child_); status >= 0) {
            status_ = status;
            child_ = -1;
            stop();
        }
    }

    void stop() { context_.stop(); }

    boost::asio::io_context& context_;
    pid_t child_ = -1;
    boost::asio::signal_set signals_;
    int status_ = 0;
};

std::vector<std::string> with_config(std::vector<std::string> command, const std::string& path) {
    constexpr std::string_view place = "{config}";
    for (std::string& word : command) {
        for (std::size_t at = word.find(place); at != std::string::npos;
             at = word.find(place, at + path.size())) {
            word.replace(at, place.size(), path);
        }
    }
    return command;
}

/// Whoever substitutes these lines waits for the end of the output, which is not that of the bench.
void print_for_shell(const Environment& environment) {
    for (const auto& [name, value] : environment) {
        std::cout << "export " << name << '=' << shell_quoted(value) << '\n';
    }
    std::cout << "export PHYLLSIM_PID=" << ::getpid() << std::endl;
    const Descriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    ::dup2(nowhere.get(), STDOUT_FILENO);
}

int serve(const Arguments& arguments) {
    boost::asio::io_context context{1};
    Serving serving(context);
    const TemporaryFolder folder("phyllsim");
    Bench bench(*arguments.plan);
    ControlDesk desk(arguments.bench, bench);
    const std::filesystem::path control = folder.path() / "control";
    const ControlServer server(context, control, desk);
    const std::filesystem::path config = std::filesystem::absolute(
        arguments.config_out.empty() ? folder.path() / "phylld.toml"
                                     : std::filesystem::path(arguments.config_out));
    write_file(config, bench.config());
    Environment environment = bench.environment();
    environment.emplace_back("PHYLLSIM_CONTROL", control.string());
    Environment with_config_path = environment;
    with_config_path.emplace_back("PHYLLD_CONFIG", config.string());
    if (!arguments.exec.empty()) {
        serving.watch(start_child(with_config(arguments.exec, config.string()), with_config_path));
    } else if (arguments.shell) {
        print_for_shell(with_config_path);
    } else {
        std::cout << ready_line(arguments, bench.status(), config, environment) << std::endl;
    }
    context.run();
    return serving.status();
}

int ask(const Arguments& arguments) {
    const nlohmann::json answer =
        nlohmann::json::parse(ask_control(arguments.control, arguments.request));
    if (!answer.at("ok").get<bool>()) {
        throw Error(Code::invalid_argument, answer.at("error").get<std::string>());
    }
    if (answer.contains("status")) {
        std::cout << answer.at("status").dump() << '\n';
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    try {
        const Parsed parsed = parse_arguments({argv + 1, argv + argc});
        if (parsed.status) {
            return *parsed.status;
        }
        if (parsed.arguments.usb) {
            usb::preload_umockdev(argv);
        }
        return parsed.arguments.request.empty() ? serve(parsed.arguments) : ask(parsed.arguments);
    } catch (const std::exception& error) {
        std::cerr << "phyllsim: " << error.what() << '\n';
        return 1;
    }
}
