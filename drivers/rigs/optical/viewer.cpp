#include "drivers/rigs/optical/viewer.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::rigs {

Viewer::Viewer(std::unique_ptr<instruments::Slm> slm, std::unique_ptr<instruments::Camera> camera,
               unsigned retakes, bool overlap, const Clock& clock)
    : slm_(std::move(slm)),
      camera_(std::move(camera)),
      retakes_(retakes),
      overlap_(overlap),
      clock_(clock) {}

void Viewer::prepare(const PictureGeometry& picture, const instruments::CameraSetup& setup,
                     const Patience& patience) {
    prepare_display(picture, patience);
    on_camera([&] { camera_->prepare(setup, patience); });
}

void Viewer::prepare_display(const PictureGeometry& picture, const Patience& patience) {
    slm_->connect(patience);
    geometry_ = picture.on(slm_->size());
}

instruments::CameraRegion Viewer::sensor(unsigned binning, const Patience& patience) {
    camera_->connect(patience);
    const instruments::CameraRegion all = camera_->sensor();
    return {.x = 0, .y = 0, .width = all.width / binning, .height = all.height / binning};
}

void Viewer::show(const Picture& picture, const Patience& patience) {
    for (unsigned sent = 0; sent < sendings_; ++sent) {
        slm_->show(picture, patience);
    }
    shown_ = picture;
    shown_at_ = clock_.now();
}

bool Viewer::expose(Seconds settle, const Patience& patience, Times& times) {
    const Seconds left = settle - Seconds(clock_.now() - shown_at_);
    if (left > Seconds(0)) {
        transports::wait(clock_, left, patience);
    }
    return on_camera([&] {
        times.start = clock_.now();
        camera_->trigger(patience);
        const bool began = camera_->await_exposure(patience);
        times.end = clock_.now();
        return began;
    });
}

std::optional<instruments::Frame> Viewer::attempt(Seconds settle, const Picture* next,
                                                  const Patience& patience, Times& times) {
    if (!expose(settle, patience, times)) {
        return std::nullopt;
    }
    if (next != nullptr) {
        show(*next, patience); // while the frame arrives
    }
    return on_camera([&] { return camera_->frame(patience); });
}

Viewer::Capture Viewer::capture(Seconds settle, const Picture* next, const Patience& patience) {
    Capture capture;
    for (unsigned again = 0;; ++again) {
        // After a loss the picture is still wanted: nothing is sent ahead.
        const Picture* ahead = overlap_ && again == 0 ? next : nullptr;
        const Picture wanted = shown_;
        if (auto frame = attempt(settle, ahead, patience, capture.times)) {
            capture.frame = std::move(*frame);
            if (ahead == nullptr && next != nullptr) {
                show(*next, patience);
            }
            return capture;
        }
        if (again == retakes_) {
            throw Error(Code::unavailable,
                        fmt::format("{} frames of {} in a row were lost: {}", retakes_ + 1,
                                    camera_->name(), camera_->last_loss()));
        }
        show(wanted, patience);
    }
}

SafeState Viewer::make_safe() noexcept {
    SafeState state = slm_->make_safe();
    static_cast<void>(camera_->make_safe());
    return state;
}

std::vector<instruments::Instrument*> Viewer::instruments() {
    return {slm_.get(), camera_.get()};
}

} // namespace phyll::rigs
