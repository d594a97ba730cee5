// phyllslm: shows on one monitor what a phylld tells it to: a spatial light modulator's own
// service.

#include "drivers/core/command_line/documents.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/version/version.hpp"
#include "drivers/display/sdl_panel.hpp"
#include "drivers/display/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

using namespace phyll::display;

constexpr std::uint16_t usual_port = 9411;

struct Arguments {
    std::string display;
    std::string monitor;
    std::string address = "127.0.0.1";
    std::uint16_t port = usual_port;
    bool list = false;
};

void list(const std::string& display) {
    const std::vector<Monitor> all = monitors(display);
    for (std::size_t k = 0; k < all.size(); ++k) {
        fmt::print("{}  {} x {}  {}\n", k, all[k].width, all[k].height, all[k].name);
    }
}

/// SDL has no descriptor to wait for.
void keep_pumping(boost::asio::steady_timer& timer, Server& server) {
    timer.expires_after(std::chrono::milliseconds(100));
    timer.async_wait([&timer, &server](boost::system::error_code failed) {
        if (!failed) {
            pump_events();
            server.look();
            keep_pumping(timer, server);
        }
    });
}

void serve(const Arguments& arguments) {
    const std::unique_ptr<Panel> panel = make_sdl_panel(arguments.display, arguments.monitor);
    boost::asio::io_context context(1);
    Server server(context.get_executor(), *panel, arguments.address, arguments.port);
    boost::asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&context](boost::system::error_code, int) { context.stop(); });
    boost::asio::steady_timer timer(context);
    keep_pumping(timer, server);
    const Description display = panel->description();
    fmt::print("{} x {} pixels, {}\n", display.width, display.height,
               fmt::format("TCPIP0::{}::{}::SOCKET", arguments.address, server.port()));
    std::cout << std::flush;
    context.run();
}

} // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    CLI::App app(
        "Shows on one monitor, which is a spatial light modulator, what a phylld tells it to. "
        "Blank whenever no phylld is connected.");
    app.set_version_flag("--version", "phyllslm " + phyll::version());
    app.add_option("--display", arguments.display, "X server, as \":1\"; default: that of DISPLAY");
    app.add_option("--monitor", arguments.monitor,
                   "its number or name, as --list has them; default: the first");
    app.add_option("--address", arguments.address, "IP address to listen on")
        ->capture_default_str();
    app.add_option("--port", arguments.port, "TCP port; 0: any that is free")
        ->capture_default_str();
    app.add_flag("--list", arguments.list, "list the monitors, and end");
    phyll::command_line::add_documents(
        app, {.program = "phyllslm",
              .version = phyll::version(),
              .about = "shows on one monitor what phylld tells it to",
              .sections = {{.title = "FILES",
                            .entries = {{"/etc/default/phyllslm",
                                         "What the service phyllslm.service is told."}}},
                           {.title = "SEE ALSO", .text = "phylld(8), phyllctl(1)"}}});
    CLI11_PARSE(app, argc, argv);
    try {
        if (arguments.list) {
            list(arguments.display);
        } else {
            serve(arguments);
        }
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::cerr << "phyllslm: " << error.what() << '\n';
        return EXIT_FAILURE;
    }
}
