#include "daemon/doctor/processes.hpp"
#include "daemon/doctor/served.hpp"

#include <algorithm>

namespace phyll::doctor {
namespace {

/// The kernel's own view of the monitors: one that is plugged in and in use is on, unless power
/// saving switched it off. X and Wayland both do that by way of the kernel.
std::vector<std::string> monitors_that_sleep(const Host& host) {
    std::vector<std::string> found;
    for (const std::filesystem::path& connector : host.entries("/sys/class/drm")) {
        const std::string power = host.line_of(connector / "dpms");
        if (host.line_of(connector / "status") == "connected" &&
            host.line_of(connector / "enabled") == "enabled" && !power.empty() && power != "On") {
            found.push_back(connector.filename().string());
        }
    }
    return found;
}

/// What blanks or covers a display though phyllslm holds the X server's own saver up.
std::vector<ProcessView> savers(const Host& host) {
    return named(processes(host),
                 {"xscreensaver", "xautolock", "light-locker", "swayidle", "xfce4-screensaver",
                  "mate-screensaver", "cinnamon-screensaver"});
}

/// Of an X server that phyllslm could be started in.
std::string about_sockets(const Host& host) {
    const auto sockets = host.entries("/tmp/.X11-unix");
    if (sockets.empty()) {
        return ", and no X server does";
    }
    return std::ranges::none_of(sockets, [&](const auto& each) { return host.may_use(each); })
               ? fmt::format(", and {} may not use {}", own_user(), sockets.front().string())
               : "";
}

void judge_blanking(const Host& host, const std::string& instrument, Findings& findings) {
    for (const std::string& monitor : monitors_that_sleep(host)) {
        findings.fault(instrument,
                       fmt::format("the monitor at {} is switched off by power saving: a "
                                   "modulator there shows nothing",
                                   monitor),
                       "in its X session 'xset dpms force on; xset -dpms; xset s off'; "
                       "phyllslm.service starts an X server without power saving");
    }
    for (const ProcessView& saver : savers(host)) {
        findings.warning(instrument,
                         fmt::format("{} runs: it may blank the modulator or cover what it shows",
                                     saver.in_words()),
                         "end it for as long as the modulator is in use, or give the modulator an "
                         "X server of its own (phyllslm.service)");
    }
}

} // namespace

void check_display(const Premises& premises, Findings& findings) {
    for_each_served(premises.subject, "slm", "phyllslm", findings,
                    [&](const std::string& instrument, std::uint16_t port) {
                        const std::size_t before = findings.all().size();
                        static_cast<void>(is_served(premises, instrument, port, "phyllslm",
                                                    about_sockets(premises.host), findings));
                        judge_blanking(premises.host, instrument, findings);
                        if (findings.all().size() == before) {
                            findings.fine(instrument,
                                          "its phyllslm listens, and nothing is seen that blanks "
                                          "its display");
                        }
                    });
}

} // namespace phyll::doctor
