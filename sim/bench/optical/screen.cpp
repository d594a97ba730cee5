#include "sim/bench/optical/screen.hpp"

#include "drivers/core/error.hpp"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <fmt/format.h>

namespace phyll::bench {
namespace {

constexpr const char* serial_property = "PHYLLSIM_SERIAL";

struct Close {
    void operator()(Display* display) const noexcept { ::XCloseDisplay(display); }
};
struct Destroy {
    void operator()(XImage* image) const noexcept { XDestroyImage(image); }
};

} // namespace

struct Screen::Parts {
    std::unique_ptr<Display, Close> display;
    Window root = 0;
    unsigned width = 0;
    unsigned height = 0;
};

Screen::Screen(const std::string& display) : parts_(std::make_unique<Parts>()) {
    parts_->display.reset(::XOpenDisplay(display.c_str()));
    if (parts_->display == nullptr) {
        throw Error(Code::unavailable, fmt::format("no X server answers at '{}'", display));
    }
    Display* const server = parts_->display.get();
    parts_->root = DefaultRootWindow(server);
    parts_->width = static_cast<unsigned>(DisplayWidth(server, DefaultScreen(server)));
    parts_->height = static_cast<unsigned>(DisplayHeight(server, DefaultScreen(server)));
}

Screen::~Screen() = default;

std::size_t Screen::width() const noexcept {
    return parts_->width;
}

std::size_t Screen::height() const noexcept {
    return parts_->height;
}

std::vector<std::uint8_t> Screen::levels() {
    const std::unique_ptr<XImage, Destroy> image(::XGetImage(parts_->display.get(), parts_->root, 0,
                                                             0, parts_->width, parts_->height,
                                                             AllPlanes, ZPixmap));
    if (image == nullptr || image->bits_per_pixel != 32) {
        throw Error(Code::unavailable, "the X server does not say what it shows");
    }
    std::vector<std::uint8_t> levels;
    levels.reserve(width() * height());
    for (std::size_t row = 0; row < height(); ++row) {
        const auto* const pixels =
            image->data + row * static_cast<std::size_t>(image->bytes_per_line);
        for (std::size_t column = 0; column < width(); ++column) {
            levels.push_back(static_cast<std::uint8_t>(pixels[4 * column]));
        }
    }
    return levels;
}

void Screen::write_serial(const std::string& serial) {
    Display* const server = parts_->display.get();
    ::XChangeProperty(server, parts_->root, ::XInternAtom(server, serial_property, False),
                      XA_STRING, 8, PropModeReplace,
                      reinterpret_cast<const unsigned char*>(serial.data()),
                      static_cast<int>(serial.size()));
    ::XSync(server, False);
}

} // namespace phyll::bench
