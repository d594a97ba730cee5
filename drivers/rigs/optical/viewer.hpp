#pragma once

#include "drivers/instruments/camera.hpp"
#include "drivers/instruments/slm.hpp"
#include "drivers/rigs/optical/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace phyll::rigs {

using instruments::Patience;

/// A modulator and the camera that sees its light: shows pictures and captures what becomes of
/// each.
///
/// A capture begins when its picture was handed to the display and the light has had its time to
/// settle. What it cannot know by itself, whether display and camera are in step, captures of a
/// known picture tell: see `OpticalRig`.
///
/// Throws what the instruments throw; UNAVAILABLE when no frame could be had.
class Viewer {
  public:
    /// `clock` outlives it.
    Viewer(std::unique_ptr<instruments::Slm> slm, std::unique_ptr<instruments::Camera> camera,
           unsigned retakes, bool overlap, const Clock& clock);

    /// Both ready. Throws FAILED_PRECONDITION when the picture or the region does not fit.
    void prepare(const PictureGeometry& picture, const instruments::CameraSetup& setup,
                 const Patience& patience);

    /// The modulator alone.
    void prepare_display(const PictureGeometry& picture, const Patience& patience);
    /// The whole sensor.
    [[nodiscard]] instruments::CameraRegion sensor(unsigned binning, const Patience& patience);

    [[nodiscard]] Picture picture_of(std::span<const float> drives) const {
        return rigs::picture_of(drives, geometry_, slm_->size());
    }

    /// When an exposure began and ended.
    struct Times {
        Clock::Monotonic start;
        Clock::Monotonic end;
    };
    struct Capture {
        instruments::Frame frame;
        Times times{};
    };

    /// Pictures are sent so often from now on, at least once: a display that has one of them more
    /// in store than it should shows each when it is sent again.
    void send_times(unsigned times) noexcept { sendings_ = times; }
    [[nodiscard]] unsigned sendings() const noexcept { return sendings_; }

    [[nodiscard]] const std::string& level_words() const noexcept { return slm_->level_words(); }
    [[nodiscard]] const PictureGeometry& geometry() const noexcept { return geometry_; }
    [[nodiscard]] instruments::Slm::Size display() const noexcept { return slm_->size(); }

    void show(const Picture& picture, const Patience& patience);
    /// The picture that is shown, `settle` after it was handed to the display. `next`, where there
    /// is one, is shown as soon as the exposure is over, while the frame is read, or without
    /// overlap then. A frame that is lost is taken again, its picture shown anew, and counted.
    [[nodiscard]] Capture capture(Seconds settle, const Picture* next, const Patience& patience);

    /// Of the camera; see there.
    [[nodiscard]] std::vector<std::string> changed_settings(const Patience& patience) {
        return camera_->changed_settings(patience);
    }

    /// Both; what the modulator says counts first.
    [[nodiscard]] SafeState make_safe() noexcept;
    /// The modulator blank after a query that failed, as far as it is reached.
    void hush() noexcept { static_cast<void>(slm_->make_safe()); }

    /// The modulator, the camera.
    [[nodiscard]] std::vector<instruments::Instrument*> instruments();
    /// Frames that were lost.
    [[nodiscard]] std::uint64_t lost() const noexcept { return camera_->lost(); }

  private:
    /// What reaches the camera, which may take its time to say that it is not reached: the display
    /// is dark first.
    template <class Do>
    auto on_camera(Do what) {
        try {
            return what();
        } catch (...) {
            hush();
            throw;
        }
    }
    /// False when no frame came of it.
    [[nodiscard]] bool expose(Seconds settle, const Patience& patience, Times& times);
    /// An exposure, and `next` sent as soon as it is over; nothing when the frame is lost.
    [[nodiscard]] std::optional<instruments::Frame> attempt(Seconds settle, const Picture* next,
                                                            const Patience& patience, Times& times);

    const std::unique_ptr<instruments::Slm> slm_;
    const std::unique_ptr<instruments::Camera> camera_;
    const unsigned retakes_;
    const bool overlap_;
    const Clock& clock_;
    PictureGeometry geometry_;
    unsigned sendings_ = 1;
    Picture shown_;
    Clock::Monotonic shown_at_{};
};

} // namespace phyll::rigs
