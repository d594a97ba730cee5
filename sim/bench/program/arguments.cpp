#include "sim/bench/program/arguments.hpp"

#include "drivers/core/command_line/documents.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/core/version/version.hpp"
#include "sim/bench/usb/over_usb.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace phyll::bench {
namespace {

constexpr const char* usual_bench = "electronic";

constexpr const char* about =
    "phyllsim is a bench of virtual instruments that speak the protocols of real ones, with the\n"
    "physics of the simulated rigs between them. It prints one line of JSON when they can be\n"
    "reached, with the configuration that phylld needs, and serves until SIGTERM or SIGINT.\n"
    "\n"
    "  phyllsim --exec phylld --config {config}   a lab on virtual instruments\n"
    "  eval \"$(phyllsim --shell &)\"               the same for a shell; kill $PHYLLSIM_PID\n"
    "  phyllsim ctl status                        what they did, from outside";

constexpr const char* faults =
    "KIND is one of\n"
    "  delay           acts and answers S seconds later\n"
    "  drop            acts, but the reply never comes\n"
    "  corrupt         a byte in the middle of the reply is another\n"
    "  stick           does and answers nothing, until it is released\n"
    "  disconnect      closes the connection instead of acting; a USB device is unplugged and\n"
    "                  plugged in again\n"
    "  power-cycle     all connections close, output off, nothing that was set is left;\n"
    "                  connections are refused for S seconds\n"
    "  identity        answers *IDN? with TEXT, until it is released\n"
    "  error           has TEXT, or NUMBER,TEXT, in its error queue\n"
    "  panel           somebody gives TEXT, a command, at the front panel\n"
    "  unplug          is unplugged, and plugged in again after S seconds: what was set stays\n"
    "  stale           says that a record or sweep is new, and has the one before\n"
    "                  (digitiser, vna)\n"
    "  missed-trigger  does not see the trigger and goes on waiting (digitiser, vna)\n"
    "  finished        a sweep finds the flag up that says that it is over (vna)\n"
    "  overload        a sweep overloads the receiver (vna)\n"
    "  power-high      a power that is set becomes X dB more, until it is released (vna)\n"
    "of USB devices\n"
    "  stall           acts, but the endpoint of the reply stalls; without a reply, that of the\n"
    "                  next message\n"
    "  short-read      the reply comes in transfers much shorter than asked for\n"
    "and of serial lines\n"
    "  lose, garble    a byte of what comes (or of a reply, when TEXT is reply) is lost or "
    "another\n"
    "stale, missed-trigger, finished and overload count triggers, power-high powers that are set,\n"
    "lose and garble what goes over the line at once, all others messages. Without --at,\n"
    "power-cycle, unplug, panel and error happen at once.";

/// All benches have options of their own: which, must be known before the line can be read.
std::string bench_of(const std::vector<std::string>& words) {
    std::string bench = usual_bench;
    for (std::size_t i = 0; i < words.size(); ++i) {
        constexpr std::string_view with_value = "--bench=";
        if (words[i] == "--bench" && i + 1 < words.size()) {
            bench = words[i + 1];
        } else if (words[i].starts_with(with_value)) {
            bench = words[i].substr(with_value.size());
        }
    }
    return bench;
}

std::unique_ptr<BenchCommandLine> command_line_of(const std::string& bench) {
    std::string names;
    for (const BenchKind& kind : bench_kinds()) {
        if (kind.name == bench) {
            return kind.command_line();
        }
        names += (names.empty() ? "" : ", ") + kind.name;
    }
    throw invalid_field("--bench", fmt::format("{}; valid is {}", in_quotes(bench), names));
}

/// Options of `phyllsim ctl` and what they ask for.
class ControlCommands {
  public:
    explicit ControlCommands(CLI::App& app)
        : ctl_(*app.add_subcommand("ctl", "Ask or tell a bench that runs")) {
        ctl_.require_subcommand(1);
        ctl_.add_option("--control", control_,
                        "Its control socket; without it the one in PHYLLSIM_CONTROL");
        ctl_.add_subcommand("status", "What the instruments are and did, as JSON");
        ctl_.add_subcommand("reset-statistics", "Times are counted from now on");
        CLI::App& misbehave =
            *ctl_.add_subcommand("misbehave", "Make an instrument do something wrong");
        misbehave.footer(faults);
        misbehave.add_option("INSTRUMENT", instrument_, "Its name, as in the status")->required();
        misbehave.add_option("KIND", kind_, "What, see below")->required();
        at_ = misbehave.add_option("--at", number_at_,
                                   "From the N-th message on, 0 (default) being the next");
        count_ = misbehave.add_option("--count", number_count_, "For so many; default 1");
        misbehave.add_option("--seconds", seconds_, "Of delay, power-cycle and unplug");
        misbehave.add_option("--text", text_, "Of identity, error, panel, lose and garble");
        misbehave.add_option("--value", value_, "Of power-high, in dB");
        CLI::App& release = *ctl_.add_subcommand("release", "End all that it does wrong");
        release.add_option("INSTRUMENT", instrument_, "Its name, as in the status")->required();
    }

    [[nodiscard]] bool asked() const { return ctl_.parsed(); }

    [[nodiscard]] std::string control() const {
        if (!control_.empty()) {
            return control_;
        }
        const char* const path = std::getenv("PHYLLSIM_CONTROL");
        if (path == nullptr) {
            throw invalid_field("--control", "missing, and PHYLLSIM_CONTROL is not set; it is in "
                                             "the line that phyllsim prints when it is ready");
        }
        return path;
    }

    [[nodiscard]] std::string request() const {
        const std::string what = ctl_.get_subcommands().front()->get_name();
        nlohmann::json request{{"do", what}};
        if (!instrument_.empty()) {
            request["instrument"] = instrument_;
        }
        if (what == "misbehave") {
            request["kind"] = kind_;
            request["seconds"] = seconds_;
            request["text"] = text_;
            request["value"] = value_;
            if (at_->count() > 0) {
                request["at"] = number_at_;
            }
            if (count_->count() > 0) {
                request["count"] = number_count_;
            }
        }
        return request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    }

  private:
    CLI::App& ctl_;
    CLI::Option* at_ = nullptr;
    CLI::Option* count_ = nullptr;
    std::string control_;
    std::string instrument_;
    std::string kind_;
    std::string text_;
    std::uint64_t number_at_ = 0;
    std::uint64_t number_count_ = 1;
    double seconds_ = 0.0;
    double value_ = 0.0;
};

} // namespace

Parsed parse_arguments(const std::vector<std::string>& words) {
    Parsed parsed;
    Arguments& arguments = parsed.arguments;
    // What follows --exec is the command's, whatever it looks like.
    const auto exec = std::ranges::find(words, "--exec");
    std::vector<std::string> own(words.begin(), exec);
    if (exec != words.end()) {
        arguments.exec.assign(std::next(exec), words.end());
        if (arguments.exec.empty()) {
            throw invalid_field("--exec", "missing; a command is expected");
        }
    }
    arguments.bench = bench_of(own);
    const std::unique_ptr<BenchCommandLine> command_line = command_line_of(arguments.bench);

    CLI::App app(about, "phyllsim");
    std::string kinds;
    for (const BenchKind& kind : bench_kinds()) {
        kinds += fmt::format("{}{} ({})", kinds.empty() ? "" : "; ", kind.name, kind.about);
    }
    app.add_option("--bench", arguments.bench, "Which bench: " + kinds)->default_str(usual_bench);
    app.add_flag("--usb", arguments.usb,
                 "The instruments that speak SCPI are USB devices (USBTMC) instead of TCP ports. "
                 "Programs find them with the variables LD_PRELOAD and UMOCKDEV_DIR, which the "
                 "command of --exec has and the printed environment holds");
    app.add_option("--config-out", arguments.config_out,
                   "Where to write the configuration file for phylld; without it into a temporary "
                   "folder that is removed at the end");
    app.add_flag("--shell", arguments.shell,
                 "Print shell lines instead of JSON: export PHYLLD_CONFIG=..., PHYLLSIM_PID=..., "
                 "PHYLLSIM_CONTROL=...");
    std::vector<std::string> documented;
    app.add_option("--exec", documented,
                   "Start this command (all that follows) once the instruments can be reached, "
                   "with that environment and {config} in its arguments replaced by the "
                   "configuration's path; end when it ends, with its exit status. Nothing is "
                   "printed then")
        ->type_name("CMD ARGS...");
    command_line->add_options(app);
    const ControlCommands control(app);
    command_line::add_documents(
        app, {.program = "phyllsim",
              .version = phyll::version(),
              .about = "a bench of virtual instruments for phylld",
              .sections = {{.title = "ENVIRONMENT",
                            .entries = {{"PHYLLSIM_CONTROL",
                                         "The control socket of the bench that ctl asks."}}},
                           {.title = "SEE ALSO", .text = "phylld(8), phyllctl(1)"}}});
    try {
        std::ranges::reverse(own); // as CLI11 wants them
        app.parse(own);
    } catch (const CLI::ParseError& error) {
        parsed.status = app.exit(error) == 0 ? 0 : 2;
        return parsed;
    }
    if (control.asked()) {
        arguments.request = control.request();
        arguments.control = control.control();
    } else {
        arguments.plan = command_line->plan();
        if (arguments.usb) {
            arguments.plan = usb::over_usb(std::move(arguments.plan));
        }
    }
    return parsed;
}

} // namespace phyll::bench
