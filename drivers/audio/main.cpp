// phyllaudio: plays and records through one sound card what a phylld tells it to: a speaker's and
// microphone's own service.

#include "drivers/audio/server.hpp"
#include "drivers/audio/sound_card.hpp"
#include "drivers/core/command_line/documents.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"
#include "drivers/core/version/version.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

using namespace phyll;
using namespace phyll::audio;

constexpr std::uint16_t usual_port = 9412;
/// Of a block, where a message holds as much.
constexpr std::uint32_t most_seconds = 20;

struct Arguments {
    Wanted wanted{};
    Limits limits{};
    double ramp = 0.01; ///< s
    std::string server;
    std::string serial;
    std::string address = "127.0.0.1";
    std::uint16_t port = usual_port;
    bool list = false;
};

void list() {
    for (const Card& card : cards()) {
        fmt::print("{}  {}  {} outputs, {} inputs\n", card.api, card.name, card.outputs,
                   card.inputs);
    }
}

/// The end of a stream is the end of the process: a service manager starts the next one, which
/// finds the sound card as it is then.
[[noreturn]] void end_without_card() {
    std::cerr << "phyllaudio: the sound card or its server is gone\n" << std::flush;
    std::_Exit(EXIT_FAILURE); // not through PortAudio, which may abort, or wait for ever
}

void keep_looking(boost::asio::steady_timer& timer, SoundCard& card) {
    timer.expires_after(std::chrono::milliseconds(50));
    timer.async_wait([&timer, &card](boost::system::error_code failed) {
        if (failed) {
            return;
        }
        if (!card.alive()) {
            end_without_card();
        }
        keep_looking(timer, card);
    });
}

Description description_of(const Arguments& arguments, const Card& card) {
    const std::size_t channels = std::max(arguments.wanted.outputs, arguments.wanted.inputs);
    const std::size_t in_a_message =
        (largest_frame_content - frame_header_size) / sizeof(float) / channels;
    return {.rate = arguments.wanted.rate,
            .outputs = static_cast<std::uint32_t>(arguments.wanted.outputs),
            .inputs = static_cast<std::uint32_t>(arguments.wanted.inputs),
            .most_frames = static_cast<std::uint32_t>(
                std::min<std::size_t>(most_seconds * arguments.wanted.rate, in_a_message)),
            .maker = card.api,
            .model = card.name,
            .serial = arguments.serial,
            .version = phyll::version()};
}

void serve(const Arguments& arguments) {
    arguments.limits.check();
    require_between("ramp", arguments.ramp, 0.001, 1.0);
    if (!arguments.server.empty()) {
        ::setenv("JACK_DEFAULT_SERVER", arguments.server.c_str(), 1);
    }
    ::setenv("JACK_NO_START_SERVER", "1", 1);
    BlockPlayer player(
        arguments.wanted.outputs, arguments.wanted.inputs,
        static_cast<std::size_t>(std::lround(arguments.ramp * arguments.wanted.rate)));
    SoundCard card(arguments.wanted, player);
    boost::asio::io_context context(1);
    Server server(context.get_executor(), player, description_of(arguments, card.card()),
                  arguments.limits, arguments.address, arguments.port);
    boost::asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait(
        [&](boost::system::error_code, int) { server.hush([&context] { context.stop(); }); });
    boost::asio::steady_timer timer(context);
    keep_looking(timer, card);
    fmt::print("{} {}: {} outputs, {} inputs, {} Hz, TCPIP0::{}::{}::SOCKET\n", card.card().api,
               card.card().name, arguments.wanted.outputs, arguments.wanted.inputs,
               arguments.wanted.rate, arguments.address, server.port());
    std::cout << std::flush;
    context.run();
}

void add_options(CLI::App& app, Arguments& arguments) {
    Wanted& wanted = arguments.wanted;
    app.add_option("--api", wanted.api, "ALSA or JACK; default: whichever has the card");
    app.add_option("--device", wanted.name,
                   "its name, as --list has them, or a part of it: \"hw:1,0\"; default: the first "
                   "with enough channels");
    app.add_option("--server", arguments.server, "name of the JACK server; default: \"default\"");
    app.add_option("--rate", wanted.rate, "frames a second")->capture_default_str();
    app.add_option("--outputs", wanted.outputs, "channels that are played")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
    app.add_option("--inputs", wanted.inputs, "channels that are recorded")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
    app.add_option("--period", wanted.period, "frames at a time; default: as the card likes it");
    app.add_option("--limit-peak", arguments.limits.peak,
                   "what no client can exceed: share of full scale, of any sample")
        ->capture_default_str();
    app.add_option("--limit-rms", arguments.limits.rms,
                   "the same, of the root mean square of an output over a block; 0: not limited")
        ->capture_default_str();
    app.add_option("--limit-duty", arguments.limits.duty,
                   "the same, of the share of a block's time in which an output is driven")
        ->capture_default_str();
    app.add_option("--ramp", arguments.ramp, "time, in s, in which what is played fades away")
        ->capture_default_str();
    app.add_option("--serial", arguments.serial, "serial number of the equipment, if it has one");
    app.add_option("--address", arguments.address, "IP address to listen on")
        ->capture_default_str();
    app.add_option("--port", arguments.port, "TCP port; 0: any that is free")
        ->capture_default_str();
    app.add_flag("--in-step", wanted.in_step,
                 "the JACK server freewheels: keep it waiting for the next block");
    app.add_flag("--list", arguments.list, "list the sound cards, and end");
}

} // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app("Plays and records through one sound card what a phylld tells it to. Silent "
                 "whenever no phylld is connected.");
    app.set_version_flag("--version", "phyllaudio " + phyll::version());
    add_options(app, arguments);
    phyll::command_line::add_documents(
        app, {.program = "phyllaudio",
              .version = phyll::version(),
              .about = "plays and records through one sound card for phylld",
              .sections = {{.title = "FILES",
                            .entries = {{"/etc/default/phyllaudio",
                                         "What the service phyllaudio.service is told."}}},
                           {.title = "SEE ALSO", .text = "phylld(8), phyllctl(1)"}}});
    CLI11_PARSE(app, argc, argv);
    try {
        if (arguments.list) {
            list();
        } else {
            serve(arguments);
        }
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::cerr << "phyllaudio: " << error.what() << '\n';
        return EXIT_FAILURE;
    }
}
