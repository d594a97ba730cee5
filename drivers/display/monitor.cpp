#include "drivers/display/monitor.hpp"

#include "drivers/core/error.hpp"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/extensions/Xrandr.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace phyll::display {
namespace {

constexpr std::size_t edid_size = 128;
constexpr std::array<std::size_t, 4> descriptors = {54, 72, 90, 108};
constexpr std::size_t descriptor_size = 18;
constexpr unsigned char serial_tag = 0xFF;
constexpr unsigned char name_tag = 0xFC;

/// Where phyllsim's displays have their serial number.
constexpr const char* virtual_serial = "PHYLLSIM_SERIAL";

template <class Resource>
using Owned = std::unique_ptr<Resource, std::function<void(Resource*)>>;

/// Three letters of five bits each.
std::string maker_of(unsigned char high, unsigned char low) {
    const unsigned letters = unsigned{high} << 8 | low;
    std::string maker;
    for (const unsigned shift : {10U, 5U, 0U}) {
        maker += static_cast<char>('A' - 1 + (letters >> shift & 31U));
    }
    return maker;
}

/// The text of a descriptor, which a line feed ends.
std::string text_at(const std::vector<unsigned char>& edid, std::size_t place) {
    std::string text(edid.begin() + static_cast<std::ptrdiff_t>(place + 5),
                     edid.begin() + static_cast<std::ptrdiff_t>(place + descriptor_size));
    text.resize(std::min(text.size(), text.find('\n')));
    return text;
}

/// A property of 8-bit items; empty where there is none.
std::vector<unsigned char> take(unsigned char* data, Atom type, int format, unsigned long items) {
    const Owned<unsigned char> owned(data, [](unsigned char* bytes) { ::XFree(bytes); });
    if (data == nullptr || type == None || format != 8) {
        return {};
    }
    return {data, data + items};
}

std::vector<unsigned char> root_property(Display* display, const char* name) {
    const Atom atom = ::XInternAtom(display, name, True);
    if (atom == None) {
        return {};
    }
    Atom type = None;
    int format = 0;
    unsigned long items = 0;
    unsigned long more = 0;
    unsigned char* data = nullptr;
    ::XGetWindowProperty(display, DefaultRootWindow(display), atom, 0, 64, False, XA_STRING, &type,
                         &format, &items, &more, &data);
    return take(data, type, format, items);
}

std::vector<unsigned char> edid_of(Display* display, RROutput output) {
    const Atom atom = ::XInternAtom(display, "EDID", True);
    if (atom == None) {
        return {};
    }
    Atom type = None;
    int format = 0;
    unsigned long items = 0;
    unsigned long more = 0;
    unsigned char* data = nullptr;
    ::XRRGetOutputProperty(display, output, atom, 0, edid_size / 4, False, False, AnyPropertyType,
                           &type, &format, &items, &more, &data);
    return take(data, type, format, items);
}

/// Calls `with(screen, CRTC, its number)` for the one that scans out that area, if there is one.
template <class With>
void with_crtc(Display* display, const Area& area, With with) {
    const Owned<XRRScreenResources> screen(
        ::XRRGetScreenResourcesCurrent(display, DefaultRootWindow(display)),
        ::XRRFreeScreenResources);
    for (int k = 0; screen != nullptr && k < screen->ncrtc; ++k) {
        const Owned<XRRCrtcInfo> crtc(::XRRGetCrtcInfo(display, screen.get(), screen->crtcs[k]),
                                      ::XRRFreeCrtcInfo);
        if (crtc != nullptr && area == Area{.x = crtc->x,
                                            .y = crtc->y,
                                            .width = static_cast<int>(crtc->width),
                                            .height = static_cast<int>(crtc->height)}) {
            with(*crtc, screen->crtcs[k]);
        }
    }
}

} // namespace

MonitorIdentity identity_from_edid(const std::vector<unsigned char>& edid) {
    constexpr std::array<unsigned char, 8> opening = {0, 255, 255, 255, 255, 255, 255, 0};
    MonitorIdentity identity;
    if (edid.size() < edid_size || !std::equal(opening.begin(), opening.end(), edid.begin())) {
        return identity;
    }
    identity.maker = maker_of(edid[8], edid[9]);
    identity.model = fmt::format("{:04X}", unsigned{edid[11]} << 8 | edid[10]);
    std::uint32_t number = 0;
    for (std::size_t k = 0; k < 4; ++k) {
        number |= std::uint32_t{edid[12 + k]} << (8 * k);
    }
    identity.serial = number == 0 ? "" : std::to_string(number);
    for (const std::size_t place : descriptors) {
        // Of a timing the first two bytes are not 0.
        if (edid[place] != 0 || edid[place + 1] != 0) {
            continue;
        }
        if (edid[place + 3] == serial_tag) {
            identity.serial = text_at(edid, place);
        } else if (edid[place + 3] == name_tag) {
            identity.model = text_at(edid, place);
        }
    }
    return identity;
}

void XServer::Close::operator()(_XDisplay* display) const noexcept {
    ::XCloseDisplay(display);
}

XServer::XServer(const std::string& display) : display_(::XOpenDisplay(display.c_str())) {
    if (display_ == nullptr) {
        throw Error(Code::unavailable, fmt::format("no X server answers at '{}'", display));
    }
}

MonitorIdentity XServer::identity(const Area& area) const {
    const std::vector<unsigned char> serial = root_property(display_.get(), virtual_serial);
    if (!serial.empty()) {
        return {.maker = "phyllsim", .model = "display", .serial = {serial.begin(), serial.end()}};
    }
    MonitorIdentity identity;
    with_crtc(display_.get(), area, [&](const XRRCrtcInfo& crtc, RRCrtc) {
        if (crtc.noutput > 0) {
            identity = identity_from_edid(edid_of(display_.get(), crtc.outputs[0]));
        }
    });
    return identity;
}

bool XServer::set_gamma_to_one(const Area& area) const {
    bool set = false;
    with_crtc(display_.get(), area, [&](const XRRCrtcInfo&, RRCrtc crtc) {
        const int size = ::XRRGetCrtcGammaSize(display_.get(), crtc);
        if (size < 2) {
            return;
        }
        const Owned<XRRCrtcGamma> gamma(::XRRAllocGamma(size), ::XRRFreeGamma);
        for (int k = 0; k < size; ++k) {
            const auto level = static_cast<unsigned short>(k * 65'535L / (size - 1));
            gamma->red[k] = level;
            gamma->green[k] = level;
            gamma->blue[k] = level;
        }
        ::XRRSetCrtcGamma(display_.get(), crtc, gamma.get());
        ::XSync(display_.get(), False);
        set = true;
    });
    return set;
}

void XServer::hide_pointer(unsigned long window) const {
    Display* const display = display_.get();
    const char nothing = 0;
    const Window root = DefaultRootWindow(display);
    const Pixmap empty = ::XCreateBitmapFromData(display, root, &nothing, 1, 1);
    XColor colour{};
    const Cursor cursor = ::XCreatePixmapCursor(display, empty, empty, &colour, &colour, 0, 0);
    for (const Window each : {root, Window{window}}) {
        ::XDefineCursor(display, each, cursor);
    }
    ::XFreeCursor(display, cursor); // the windows keep it
    ::XFreePixmap(display, empty);
    ::XSync(display, False);
}

} // namespace phyll::display
