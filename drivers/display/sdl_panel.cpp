#include "drivers/display/sdl_panel.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/core/version/version.hpp"
#include "drivers/display/monitor.hpp"

#include <SDL.h>
#include <SDL_syswm.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>

namespace phyll::display {
namespace {

Error failed(const char* what) {
    return {Code::unavailable, fmt::format("{}: {}", what, ::SDL_GetError())};
}

/// SDL as long as it is needed.
class Video {
  public:
    explicit Video(const std::string& display) {
        if (!display.empty()) {
            ::setenv("DISPLAY", display.c_str(), 1);
        }
        ::SDL_SetHint(SDL_HINT_VIDEODRIVER, "x11");
        ::SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
        ::SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "0");
        ::SDL_SetHint(SDL_HINT_VIDEO_MINIMIZE_ON_FOCUS_LOSS, "0");
        if (::SDL_InitSubSystem(SDL_INIT_VIDEO) != 0) {
            throw failed("no X server is reached");
        }
    }
    Video(const Video&) = delete;
    Video& operator=(const Video&) = delete;
    ~Video() { ::SDL_QuitSubSystem(SDL_INIT_VIDEO); }

    [[nodiscard]] static std::vector<Monitor> monitors() {
        std::vector<Monitor> found;
        for (int k = 0; k < ::SDL_GetNumVideoDisplays(); ++k) {
            const SDL_Rect area = area_of(k);
            const char* name = ::SDL_GetDisplayName(k);
            found.push_back({.name = name == nullptr ? "" : name,
                             .width = static_cast<unsigned>(area.w),
                             .height = static_cast<unsigned>(area.h)});
        }
        return found;
    }
    [[nodiscard]] static SDL_Rect area_of(int monitor) {
        SDL_Rect area{};
        if (::SDL_GetDisplayBounds(monitor, &area) != 0) {
            throw failed("a monitor does not say how large it is");
        }
        return area;
    }
};

int number_of(const std::string& wanted) {
    const std::vector<Monitor> all = Video::monitors();
    std::string names;
    for (std::size_t k = 0; k < all.size(); ++k) {
        if (wanted.empty() || wanted == all[k].name || wanted == std::to_string(k)) {
            return static_cast<int>(k);
        }
        names += fmt::format("{}{} {}", k == 0 ? "" : ", ", k, in_quotes(all[k].name));
    }
    throw Error(Code::not_found,
                fmt::format("there is no monitor {}; there are {}", in_quotes(wanted), names));
}

class SdlPanel final : public Panel {
  public:
    SdlPanel(const std::string& display, const std::string& monitor)
        : video_(display), display_(display), area_(Video::area_of(number_of(monitor))) {
        window_.reset(::SDL_CreateWindow("phyllslm", area_.x, area_.y, area_.w, area_.h,
                                         SDL_WINDOW_FULLSCREEN_DESKTOP | SDL_WINDOW_BORDERLESS |
                                             SDL_WINDOW_ALWAYS_ON_TOP));
        if (window_ == nullptr) {
            throw failed("cannot open a window");
        }
        ::SDL_ShowCursor(SDL_DISABLE);
        ::SDL_DisableScreenSaver();
        // SDL hides it where it thinks that the window has the pointer, which depends on who else
        // is there.
        SDL_SysWMinfo info;
        SDL_VERSION(&info.version);
        if (::SDL_GetWindowWMInfo(window_.get(), &info) == SDL_TRUE) {
            XServer(display_).hide_pointer(info.info.x11.window);
        }
        if (!XServer(display_).set_gamma_to_one(area())) {
            fmt::print(stderr, "phyllslm: the monitor's gamma cannot be set; it has to be 1\n");
        }
    }

    [[nodiscard]] Description description() const override {
        const MonitorIdentity identity = XServer(display_).identity(area());
        return {.width = static_cast<std::uint32_t>(area_.w),
                .height = static_cast<std::uint32_t>(area_.h),
                .maker = identity.maker,
                .model = identity.model,
                .serial = identity.serial,
                .version = phyll::version()};
    }

    void show(std::span<const std::byte> levels) override {
        ::SDL_PumpEvents();
        SDL_Surface* surface = ::SDL_GetWindowSurface(window_.get());
        if (surface == nullptr) {
            throw failed("the window cannot be drawn in");
        }
        if (levels.empty()) { // whatever became of the window
            ::SDL_FillRect(surface, nullptr, ::SDL_MapRGB(surface->format, 0, 0, 0));
            update();
            return;
        }
        if (surface->w != area_.w || surface->h != area_.h || surface->format->BytesPerPixel != 4) {
            throw Error(Code::unavailable,
                        fmt::format("the window is {} x {} pixels of {} bytes, the monitor {} x {} "
                                    "of 4",
                                    surface->w, surface->h, surface->format->BytesPerPixel, area_.w,
                                    area_.h));
        }
        draw(levels, *surface);
        update();
    }

  private:
    [[nodiscard]] Area area() const {
        return {.x = area_.x, .y = area_.y, .width = area_.w, .height = area_.h};
    }
    void update() {
        if (::SDL_UpdateWindowSurface(window_.get()) != 0) {
            throw failed("the window cannot be shown");
        }
    }
    void draw(std::span<const std::byte> levels, SDL_Surface& surface) const {
        std::array<std::uint32_t, 256> greys{};
        for (std::size_t level = 0; level < greys.size(); ++level) {
            const auto value = static_cast<std::uint8_t>(level);
            greys[level] = ::SDL_MapRGB(surface.format, value, value, value);
        }
        const auto width = static_cast<std::size_t>(area_.w);
        for (std::size_t row = 0; row < static_cast<std::size_t>(area_.h); ++row) {
            auto* const pixels =
                reinterpret_cast<std::uint32_t*>(static_cast<std::byte*>(surface.pixels) +
                                                 row * static_cast<std::size_t>(surface.pitch));
            for (std::size_t column = 0; column < width; ++column) {
                pixels[column] = greys[std::to_integer<std::size_t>(levels[row * width + column])];
            }
        }
    }

    Video video_;
    const std::string display_;
    SDL_Rect area_;
    std::unique_ptr<SDL_Window, decltype(&::SDL_DestroyWindow)> window_{nullptr,
                                                                        ::SDL_DestroyWindow};
};

} // namespace

std::vector<Monitor> monitors(const std::string& display) {
    const Video video(display);
    return Video::monitors();
}

std::unique_ptr<Panel> make_sdl_panel(const std::string& display, const std::string& monitor) {
    return std::make_unique<SdlPanel>(display, monitor);
}

void pump_events() {
    ::SDL_PumpEvents();
}

} // namespace phyll::display
