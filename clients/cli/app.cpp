#include "app.hpp"

#include "drivers/core/version/version.hpp"
#include "labs.hpp"
#include "lease_token.hpp"
#include "signals.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <span>
#include <string_view>
#include <sys/signalfd.h>
#include <utility>

namespace phyll::cli {
namespace {

/// Where the arguments end that are not those of another command: at "--" of "lease run".
std::size_t end_of_own(std::span<char*> arguments) {
    const auto is = [](const char* text) {
        return [text](const char* argument) { return std::string_view(argument) == text; };
    };
    const auto lease = std::ranges::find_if(arguments, is("lease"));
    const auto run = std::find_if(lease, arguments.end(), is("run"));
    return static_cast<std::size_t>(std::find_if(run, arguments.end(), is("--")) -
                                    arguments.begin());
}

} // namespace

Exit exit_for(Code code) noexcept {
    switch (code) {
    case Code::ok:
        return Exit::ok;
    case Code::invalid_argument:
    case Code::out_of_range:
        return Exit::usage;
    case Code::not_found:
        return Exit::not_found;
    case Code::unavailable:
        return Exit::unavailable;
    case Code::already_exists:
    case Code::permission_denied:
    case Code::unauthenticated:
    case Code::resource_exhausted:
    case Code::failed_precondition:
        return Exit::refused;
    case Code::cancelled:
    case Code::deadline_exceeded:
    case Code::aborted:
        return Exit::timed_out;
    case Code::unimplemented:
        return Exit::unimplemented;
    default:
        return Exit::internal;
    }
}

App::App() : cli_("phyllctl drives a phylld: its rigs, its training runs, its data.") {
    cli_.set_version_flag("--version", version_of("phyllctl"));
    CLI::Option* endpoint = cli_.add_option(
        "--endpoint", said_.endpoint,
        "Where phylld listens: ipc://PATH or tcp://HOST:PORT; by default $PHYLL_ENDPOINT, else the "
        "local ipc socket, else tcp://127.0.0.1:5570");
    cli_.add_option("--lab", said_.lab,
                    "The lab that was added under this name: its phylld, talked to with keys; by "
                    "default $PHYLL_LAB")
        ->excludes(endpoint);
    cli_.add_option("--server-key", said_.server_key,
                    "Public key of the phylld that is meant; by default the lab's, or "
                    "$PHYLL_SERVER_KEY");
    cli_.add_option("--key", said_.key,
                    "File of your own key; by default the lab's, or $PHYLL_KEY, else "
                    "~/.config/phyll/client.key");
    cli_.add_option("--lease", lease_,
                    "Token of a lease to drive rigs under; by default $PHYLL_LEASE")
        ->envname(lease_variable);
    cli_.add_flag("--json", json_, "One JSON object per line");
    cli_.require_subcommand(1);
    cli_.fallthrough();
}

const Place& App::place() {
    if (!place_) {
        place_ = place_of(said_, said_by_environment(), profiles_file());
    }
    return *place_;
}

Client& App::client() {
    if (!client_) {
        Address address = address_of(place());
        // Its threads must never take the signals that a command waits for, nor in the moment
        // before they say so themselves.
        sigset_t before;
        const sigset_t signals = ending_signals();
        ::pthread_sigmask(SIG_BLOCK, &signals, &before);
        client_ = std::make_unique<Client>(std::move(address));
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    return *client_;
}

Client& App::driving_client() {
    client().use_lease(lease());
    return client();
}

std::string App::lease() const {
    return lease_.empty() ? "" : token_from_hex(lease_);
}

void App::let_signals_interrupt() {
    // Not a handler: a signal that comes between two waits would be lost.
    block_ending_signals();
    const sigset_t signals = ending_signals();
    interrupt_ = ::signalfd(-1, &signals, SFD_CLOEXEC);
    client().interrupt_by(interrupt_);
}

int App::run(int argc, char** argv) {
    const std::span<char*> all(argv, static_cast<std::size_t>(argc));
    if (const std::size_t dashes = end_of_own(all); dashes < all.size()) {
        const std::span<char*> after = all.subspan(dashes + 1);
        after_dashes_.assign(after.begin(), after.end());
        argc = static_cast<int>(dashes);
    }
    try {
        cli_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int status = cli_.exit(error);
        return status == 0 ? 0 : static_cast<int>(Exit::usage);
    } catch (const Error& error) {
        if (json_) {
            nlohmann::json line{{"event", "error"},
                                {"code", name_of(error.code())},
                                {"message", error.what()},
                                {"violations", nlohmann::json::array()}};
            for (const FieldViolation& violation : error.violations()) {
                line["violations"].push_back(
                    {{"field", violation.field}, {"description", violation.description}});
            }
            std::cout << line.dump() << std::endl;
        } else {
            std::cerr << "phyllctl: " << error.what() << '\n';
        }
        return static_cast<int>(exit_for(error.code()));
    } catch (const std::exception& error) {
        std::cerr << "phyllctl: " << error.what() << '\n';
        return static_cast<int>(Exit::internal);
    }
    return exit_;
}

} // namespace phyll::cli
