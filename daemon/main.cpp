// phylld: owns a lab's rigs, trains physical neural networks on them, serves clients.

#include "daemon.hpp"
#include "daemon/config/load.hpp"
#include "drivers/core/error.hpp"
#include "examine.hpp"
#include "explain.hpp"
#include "make_safe.hpp"
#include "manual.hpp"
#include "verify.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <malloc.h>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace {

struct Arguments {
    std::string config;
    std::string listen;
    std::string state_dir;
    std::string data_dir;
    std::string log_level;
    bool check = false;
    bool examine = false;
    bool make_safe = false;
    bool kill_holder = false;
    std::string explain;
    bool markdown = false;
    std::string verify;
    bool json = false;
};

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::filesystem::path default_state_dir() {
    if (::geteuid() == 0) {
        return "/var/lib/phylld";
    }
    if (const std::string state = environment("XDG_STATE_HOME"); !state.empty()) {
        return std::filesystem::path(state) / "phylld";
    }
    return std::filesystem::path(environment("HOME")) / ".local/state/phylld";
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw phyll::Error(phyll::Code::not_found,
                           fmt::format("cannot read the configuration {}: {}", path,
                                       std::generic_category().message(errno)));
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The configuration with what the command line says instead.
phyll::v1::DaemonConfig read_config(const Arguments& arguments) {
    const auto options = phyll::known_options();
    const std::string name = arguments.config.empty() ? "built in" : arguments.config;
    const std::string text = arguments.config.empty()
                                 ? std::string(phyll::config::embedded_config())
                                 : read_file(arguments.config);
    phyll::v1::DaemonConfig config = phyll::config::load_daemon_config(text, name, *options);
    if (!arguments.listen.empty()) {
        config.set_listen(arguments.listen);
    }
    if (!arguments.log_level.empty()) {
        config.set_log_level(arguments.log_level);
    }
    return config;
}

phyll::Settings settle(const Arguments& arguments) {
    phyll::Settings settings;
    settings.config = read_config(arguments);
    if (!arguments.config.empty()) {
        settings.read_again = [arguments] { return read_config(arguments); };
    }
    const phyll::v1::DaemonConfig& config = settings.config;
    settings.state_dir = !arguments.state_dir.empty()  ? arguments.state_dir
                         : !config.state_dir().empty() ? config.state_dir()
                                                       : default_state_dir().string();
    settings.data_dir = !arguments.data_dir.empty()  ? arguments.data_dir
                        : !config.data_dir().empty() ? config.data_dir()
                                                     : environment("PHYLL_DATA_DIR");
    settings.lock_dir = !config.lock_dir().empty()               ? config.lock_dir()
                        : !environment("PHYLL_LOCK_DIR").empty() ? environment("PHYLL_LOCK_DIR")
                                                                 : std::string("/run/lock/phylld");
    return settings;
}

/// Blocks come and go thousands of times a second: memory that is given back to the kernel each
/// time is cleared by it, page by page, before it can be used again.
void keep_freed_memory() {
    constexpr int mebibyte = 1 << 20;
    ::mallopt(M_MMAP_THRESHOLD, 32 * mebibyte);
    ::mallopt(M_TRIM_THRESHOLD, 64 * mebibyte);
    ::mallopt(M_TOP_PAD, 4 * mebibyte);
}

/// Those who only connect hold a descriptor each for a while: that must not be one that a run
/// needs.
void allow_many_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit)); // else it stays as it is
    }
}

} // namespace

int main(int argc, char** argv) {
    keep_freed_memory();
    allow_many_descriptors();
    CLI::App app(
        "phylld trains physical neural networks on a lab's rigs, without backpropagation.\n"
        "Without --config it serves simulated rigs on loopback.");
    app.set_version_flag("--version", phyll::version_line());
    Arguments arguments;
    app.add_option("--config", arguments.config, "Configuration file (TOML)");
    app.add_option(
        "--listen", arguments.listen,
        "TCP address, instead of the configuration's: tcp://127.0.0.1:PORT; port 0 picks "
        "a free one");
    app.add_option("--state-dir", arguments.state_dir, "Folder of runs, events and metrics");
    app.add_option("--data-dir", arguments.data_dir, "Folder of data files");
    app.add_option("--log-level", arguments.log_level, "trace, debug, info, warn or error")
        ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}));
    app.add_flag("--check", arguments.check,
                 "Check the configuration, say what each rig is made of, and exit");
    CLI::Option* examine =
        app.add_flag("--examine", arguments.examine,
                     "Look for what stands in the way of the lab, changing nothing, say what to do "
                     "about it, and exit: with 0 when there is nothing worse than notes, else with "
                     "5");
    CLI::Option* make_safe = app.add_flag(
        "--make-safe", arguments.make_safe,
        "Bring every configured instrument to its safe state, say how each stands, and exit: with "
        "0 only when all are known to be safe");
    app.add_flag("--kill-holder", arguments.kill_holder,
                 "Kill processes that drive one of the instruments first")
        ->needs(make_safe);
    CLI::Option* explain =
        app.add_option("--explain", arguments.explain,
                       "Say what can be set in configuration and run files, and exit: TOPIC is a "
                       "topic, a key or \"all\"; without it the topics are listed")
            ->type_name("[TOPIC]")
            ->expected(0, 1);
    app.add_flag("--markdown", arguments.markdown, "Explain in Markdown")->needs(explain);
    CLI::Option* verify =
        app.add_option("--verify", arguments.verify,
                       "Train the run of a bundle again from what it measured, say whether the "
                       "weights are the same, and exit")
            ->type_name("BUNDLE");
    app.add_flag(
        "--json", arguments.json,
        "Say so in JSON: what was verified in one object, what was examined in one a line");
    phyll::add_manual(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (arguments.json && verify->count() == 0 && examine->count() == 0) {
        std::cerr << "phylld: --json: given alone; it is for --verify and --examine\n";
        return 2;
    }

    spdlog::set_default_logger(spdlog::stderr_color_mt("phylld"));
    // What a peer sends may be no message at all: that is not worth more than a debug line.
    google::protobuf::SetLogHandler(
        [](google::protobuf::LogLevel, const char*, int, const std::string& text) {
            spdlog::debug("protobuf: {}", text);
        });
    spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
    try {
        if (explain->count() > 0) {
            phyll::explain(arguments.explain, arguments.markdown, std::cout);
            return 0;
        }
        if (verify->count() > 0) {
            return phyll::verify_bundle(arguments.verify, arguments.json, std::cout) ? 0 : 5;
        }
        const phyll::Settings settings = settle(arguments);
        spdlog::set_level(spdlog::level::from_str(settings.config.log_level()));
        if (arguments.check) {
            phyll::check_rigs(settings, std::cout);
            return 0;
        }
        if (arguments.examine) {
            return phyll::examine(settings, arguments.json, std::cout) ? 0 : 5;
        }
        if (arguments.make_safe) {
            return phyll::make_safe(settings, arguments.kill_holder, std::cout) ? 0 : 1;
        }
        const phyll::SystemClock clock;
        if (phyll::serve(settings, clock, std::cout) == phyll::Served::thread_left_behind) {
            std::cout.flush();
            std::_Exit(0);
        }
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "phylld: " << error.what() << '\n';
        return 1;
    }
}
