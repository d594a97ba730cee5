#pragma once

#include "drivers/display/panel.hpp"

#include <memory>
#include <string>
#include <vector>

namespace phyll::display {

/// The monitors of an X server, in the order in which they are numbered. Throws UNAVAILABLE when it
/// is not reached.
struct Monitor {
    std::string name;
    unsigned width = 0;
    unsigned height = 0;
};
[[nodiscard]] std::vector<Monitor> monitors(const std::string& display);

/// A window that fills one monitor of an X server, on top of everything, without a cursor, with
/// screen saver off and gamma 1. A level becomes the grey of the same number, 0 to 255.
///
/// When the X server goes away, the process ends: so Xlib has it. One at a time in a process.
/// `monitor` is a number or a name; empty: the first one. Throws UNAVAILABLE when the X server is
/// not reached, NOT_FOUND naming the monitors that there are.
[[nodiscard]] std::unique_ptr<Panel> make_sdl_panel(const std::string& display,
                                                    const std::string& monitor);

/// Lets the window answer its X server; every 100 ms or so.
void pump_events();

} // namespace phyll::display
