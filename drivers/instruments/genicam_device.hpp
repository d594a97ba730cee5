#pragma once

#include "drivers/instruments/camera.hpp"
#include "drivers/instruments/instrument.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace phyll::instruments {

/// A camera that Aravis has found and controls, from being opened to being closed. Every function
/// throws UNAVAILABLE in the words of Aravis when the camera does not answer. Thread rule: one
/// caller at a time, but for `control_lost`.
class GenicamDevice {
  public:
    /// Acquires nothing then, whatever it was left doing. Throws NOT_FOUND when there is no such
    /// camera, FAILED_PRECONDITION when another program controls it.
    explicit GenicamDevice(const std::string& address);
    GenicamDevice(const GenicamDevice&) = delete;
    GenicamDevice& operator=(const GenicamDevice&) = delete;
    ~GenicamDevice();

    [[nodiscard]] Identity identity() const;
    [[nodiscard]] CameraRegion sensor() const;
    /// The camera does not answer any more, or obeys another program.
    [[nodiscard]] bool control_lost() const noexcept;

    void set(const CameraSetup& setup);
    [[nodiscard]] CameraSetup setup() const;

    /// Waits for software triggers from now on.
    void start();
    /// Acquires no more; does nothing when it did not.
    void stop();
    [[nodiscard]] bool started() const noexcept { return started_; }
    void trigger();

    struct Arrival {
        bool whole = false;
        std::string status; ///< why not
        Frame frame;
    };
    /// Frames that began to arrive since it was opened. Any thread.
    [[nodiscard]] std::uint64_t begun() const noexcept;
    /// Waits for another frame to begin than the first `known`; false when none did within that
    /// time.
    [[nodiscard]] bool await_begun(std::uint64_t known, std::chrono::microseconds within) const;
    /// The next frame that comes within that time.
    [[nodiscard]] std::optional<Arrival> next(std::chrono::microseconds within);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
    bool started_ = false;
};

} // namespace phyll::instruments
