#pragma once

#include <memory>
#include <string>
#include <vector>

struct _XDisplay;

namespace phyll::display {

/// A rectangle of an X screen.
struct Area {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;

    bool operator==(const Area&) const = default;
};

/// What a monitor says of itself (EDID 1.4, VESA); empty where it says nothing.
struct MonitorIdentity {
    std::string maker;
    std::string model;
    std::string serial;
};
[[nodiscard]] MonitorIdentity identity_from_edid(const std::vector<unsigned char>& edid);

/// What is asked of an X server beside its windows.
class XServer {
  public:
    /// Throws UNAVAILABLE when it is not reached.
    explicit XServer(const std::string& display);

    /// Of the monitor that shows that area. Where a virtual bench stands in for the monitor, it has
    /// left its serial number at the root window.
    [[nodiscard]] MonitorIdentity identity(const Area& area) const;
    /// Levels reach that monitor as they are: its gamma is 1. False where that cannot be set.
    bool set_gamma_to_one(const Area& area) const;
    /// Nothing stands for the pointer where it is over that window, or over none.
    void hide_pointer(unsigned long window) const;

  private:
    struct Close {
        void operator()(_XDisplay* display) const noexcept;
    };
    std::unique_ptr<_XDisplay, Close> display_;
};

} // namespace phyll::display
