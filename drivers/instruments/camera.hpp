#pragma once

#include "drivers/instruments/instrument.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace phyll::instruments {

/// A part of the sensor, in pixels as they are read out: after binning.
struct CameraRegion {
    std::size_t x = 0;
    std::size_t y = 0;
    std::size_t width = 0;
    std::size_t height = 0;

    bool operator==(const CameraRegion&) const = default;

    [[nodiscard]] std::size_t pixels() const noexcept { return width * height; }
};

/// What a camera is set to; it is read back, and what it makes of it must be this.
struct CameraSetup {
    CameraRegion region{};
    Seconds exposure{0.001};
    double gain = 0.0;    ///< in the camera's own unit
    unsigned bits = 8;    ///< of a count: 8, 10, 12, 14 or 16
    unsigned binning = 1; ///< pixels of the sensor a pixel is the sum or mean of, each way

    bool operator==(const CameraSetup&) const = default;

    [[nodiscard]] std::size_t largest_count() const noexcept {
        return (std::size_t{1} << bits) - 1;
    }
};

/// Counts of the region's pixels, row by row from the top left.
struct Frame {
    std::size_t width = 0;
    std::size_t height = 0;
    unsigned bits = 8;
    std::vector<std::uint16_t> counts;
};

/// A camera that exposes a frame whenever it is told to. It has nothing that could do harm: safe is
/// when it acquires nothing.
class Camera : public Instrument {
  public:
    /// The whole sensor, without binning; 0 x 0 before it was ever connected. Any thread.
    [[nodiscard]] virtual CameraRegion sensor() const noexcept = 0;

    /// Sets all of it up, and lets it wait for triggers. Does nothing while that is so and nothing
    /// was lost since. Throws FAILED_PRECONDITION naming the setting that the camera does not take.
    virtual void prepare(const CameraSetup& setup, const Patience& patience) = 0;

    /// Begins an exposure. What came before and was not read is forgotten.
    virtual void trigger(const Patience& patience) = 0;
    /// Waits until the frame of the last trigger begins to arrive, by when the exposure of a global
    /// shutter is over. False when it does not in time: that frame is lost, and counted.
    [[nodiscard]] virtual bool await_exposure(const Patience& patience) = 0;
    /// Waits for the frame of the last trigger; nothing when it lost packets or did not come, which
    /// is counted.
    [[nodiscard]] virtual std::optional<Frame> frame(const Patience& patience) = 0;

    /// What of the setup is another than it was prepared with, in words.
    [[nodiscard]] virtual std::vector<std::string> changed_settings(const Patience& patience) = 0;

    /// Frames that were lost.
    [[nodiscard]] virtual std::uint64_t lost() const noexcept = 0;
    /// Why the last one was that was.
    [[nodiscard]] virtual const std::string& last_loss() const noexcept = 0;
};

} // namespace phyll::instruments
