#include "drivers/instruments/genicam_camera.hpp"

#include "drivers/core/error.hpp"
#include "drivers/instruments/claim.hpp"
#include "drivers/instruments/genicam_device.hpp"
#include "drivers/instruments/made_safe.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

namespace phyll::instruments {
namespace {

/// Between two looks whether somebody wants the wait to end.
constexpr std::chrono::microseconds glance{5'000};
/// After its exposure; a frame that is not there then was lost.
constexpr Seconds frame_wait{1};
/// A camera whose last program crashed obeys nobody until it misses that one's heartbeat.
constexpr Seconds control_wait{10};
/// Exposures go in steps of a row's time: the same number is always rounded the same way.
constexpr double rounded_by_camera = 0.2;
constexpr Seconds control_retry{0.25};

class GenicamCamera final : public Camera {
    /// Does what reaches the camera; what fails leaves nothing that could be taken for later.
    /// Closing a camera that does not answer takes seconds: that is left for later, so that whoever
    /// has to be told is told.
    template <class Do>
    auto reaching(const Patience& patience, Do what) {
        try {
            require_patience(patience);
            return what();
        } catch (const Error& error) {
            dead_ = std::move(device_);
            setup_.reset();
            claim_.lost(error.what());
            throw error_of(name(), error);
        }
    }

  public:
    GenicamCamera(const InstrumentSettings& settings, const std::filesystem::path& lock_dir,
                  const Clock& clock)
        : claim_(settings, lock_dir),
          clock_(clock),
          log_(std::make_shared<transports::TrafficLog>(clock)) {}

    [[nodiscard]] const std::string& name() const noexcept override {
        return claim_.settings().name;
    }
    [[nodiscard]] bool is_virtual() const noexcept override { return claim_.settings().is_virtual; }
    [[nodiscard]] std::uint64_t life() const noexcept override { return life_; }
    [[nodiscard]] std::uint64_t lost() const noexcept override { return lost_; }
    [[nodiscard]] const std::string& last_loss() const noexcept override { return last_loss_; }
    [[nodiscard]] CameraRegion sensor() const noexcept override {
        return {.x = 0, .y = 0, .width = width_, .height = height_};
    }

    void connect(const Patience& patience) override {
        if (device_ && !device_->control_lost()) {
            return;
        }
        dead_.reset();
        device_.reset();
        setup_.reset();
        reaching(patience, [&] { open(patience); });
    }

    void prepare(const CameraSetup& setup, const Patience& patience) override {
        connect(patience);
        require_on_sensor(setup);
        if (setup_ == setup) {
            return;
        }
        reaching(patience, [&] {
            setup_.reset();
            device_->set(setup);
            as_taken_ = device_->setup();
            if (const auto others = differences(setup, as_taken_, rounded_by_camera);
                !others.empty()) {
                throw Error(Code::failed_precondition,
                            fmt::format("it does not take what it is set to: {}", others.front()));
            }
            device_->start();
            awaited_ = false;
            setup_ = setup;
        });
    }

    void trigger(const Patience& patience) override {
        if (!setup_) {
            throw Error(Code::failed_precondition, fmt::format("{}: it is not set up", name()));
        }
        reaching(patience, [&] {
            if (awaited_) { // and may still come: it would be taken for this one's
                device_->stop();
                device_->start();
            }
            while (device_->next(std::chrono::microseconds(0))) {
            }
            begun_ = device_->begun();
            awaited_ = true;
            device_->trigger();
        });
    }

    [[nodiscard]] bool await_exposure(const Patience& patience) override {
        return reaching(patience, [&] {
            if (waiting(patience, [&] { return device_->await_begun(begun_, glance); })) {
                return true;
            }
            last_loss_ = "it did not come";
            ++lost_;
            return false;
        });
    }

    [[nodiscard]] std::vector<std::string> changed_settings(const Patience& patience) override {
        if (!setup_) {
            return {};
        }
        return reaching(patience, [&] { return differences(as_taken_, device_->setup(), 1e-6); });
    }

    [[nodiscard]] std::optional<Frame> frame(const Patience& patience) override {
        return reaching(patience, [&] {
            std::optional<Frame> frame = arrive(patience);
            if (!frame) {
                ++lost_;
            }
            return frame;
        });
    }

    [[nodiscard]] SafeState make_safe() noexcept override {
        return made_safe(clock_, claim_.settings().timeout, [this](const Patience& patience) {
            connect(patience);
            reaching(patience, [&] {
                setup_.reset();
                device_->stop();
            });
        });
    }

    void shut() noexcept override {
        shut_ = true;
        claim_.give_up();
    }
    [[nodiscard]] InstrumentStatus status() const override { return claim_.status(); }
    [[nodiscard]] std::shared_ptr<transports::TrafficLog> log() const override { return log_; }

  private:
    void require_patience(const Patience& patience) const {
        if (shut_) {
            throw Error(Code::unavailable, "it was given up");
        }
        if (patience.stop.stop_requested()) {
            throw Error(Code::cancelled, "stopped");
        }
        if (patience.deadline.passed(clock_)) {
            throw Error(Code::deadline_exceeded, "its turn came after the deadline");
        }
    }

    void open(const Patience& patience) {
        claim_.lock_address();
        const Deadline give_up = Deadline::after(clock_, control_wait);
        for (;;) {
            try {
                device_ = std::make_unique<GenicamDevice>(claim_.settings().address);
                break;
            } catch (const Error& error) {
                if (error.code() != Code::failed_precondition || give_up.passed(clock_)) {
                    throw Error(Code::unavailable, error.what());
                }
            }
            transports::wait(clock_, control_retry, patience);
            require_patience(patience);
        }
        const Identity identity = device_->identity();
        claim_.accept(identity);
        const CameraRegion sensor = device_->sensor();
        width_ = sensor.width;
        height_ = sensor.height;
        claim_.connected(identity, ++life_);
    }

    /// Looks again and again until it has seen something, or there should have been.
    template <class Look>
    bool waiting(const Patience& patience, Look seen) {
        const Seconds most = std::min(claim_.settings().timeout, frame_wait) + setup_->exposure;
        const Patience bounded = patience.within(clock_, most);
        // Every look takes real time: a clock that stands still waits no longer.
        auto looks = static_cast<long>(most / Seconds(glance)) + 1;
        while (looks-- > 0 && !bounded.deadline.passed(clock_)) {
            require_patience(patience);
            if (device_->control_lost()) {
                throw Error(Code::unavailable, "it does not answer any more");
            }
            if (seen()) {
                return true;
            }
        }
        require_patience(patience);
        return false;
    }

    [[nodiscard]] std::optional<Frame> arrive(const Patience& patience) {
        std::optional<GenicamDevice::Arrival> arrival;
        if (!waiting(patience, [&] {
                arrival = device_->next(glance);
                return arrival.has_value();
            })) {
            last_loss_ = "it did not come";
            return std::nullopt;
        }
        awaited_ = false;
        if (!arrival->whole) {
            last_loss_ = arrival->status;
            return std::nullopt;
        }
        require_like_setup(arrival->frame);
        return std::move(arrival->frame);
    }

    void require_like_setup(const Frame& frame) const {
        if (frame.width != setup_->region.width || frame.height != setup_->region.height ||
            frame.bits != setup_->bits) {
            throw Error(Code::data_loss,
                        fmt::format("a frame of {} x {} pixels of {} bits; it was set up for {} x "
                                    "{} of {}",
                                    frame.width, frame.height, frame.bits, setup_->region.width,
                                    setup_->region.height, setup_->bits));
        }
    }

    void require_on_sensor(const CameraSetup& setup) const {
        const CameraRegion& region = setup.region;
        const std::size_t binning = std::max(setup.binning, 1U);
        if (region.pixels() == 0 || (region.x + region.width) * binning > width_ ||
            (region.y + region.height) * binning > height_) {
            throw invalid_field(
                "region", fmt::format("{} x {} at ({}, {}) with binning {}; {} has {} x {} pixels",
                                      region.width, region.height, region.x, region.y,
                                      setup.binning, name(), width_.load(), height_.load()));
        }
    }

    /// What of a setup the camera made something else of, beyond rounding.
    static std::vector<std::string> differences(const CameraSetup& wanted, const CameraSetup& found,
                                                double tolerance) {
        std::vector<std::string> others;
        const auto compare = [&](bool same, const char* field, auto asked, auto is) {
            if (!same) {
                others.push_back(
                    fmt::format("its {} is {} after it was set to {}", field, is, asked));
            }
        };
        const auto near = [](double a, double b, double share) {
            return std::abs(a - b) <= share * std::max(std::abs(a), std::abs(b));
        };
        const CameraRegion& a = wanted.region;
        const CameraRegion& b = found.region;
        compare(a == b, "region", fmt::format("{} x {} at ({}, {})", a.width, a.height, a.x, a.y),
                fmt::format("{} x {} at ({}, {})", b.width, b.height, b.x, b.y));
        compare(near(wanted.exposure.count(), found.exposure.count(), tolerance), "exposure in s",
                wanted.exposure.count(), found.exposure.count());
        compare(near(wanted.gain, found.gain, tolerance), "gain", wanted.gain, found.gain);
        compare(wanted.bits == found.bits, "number of bits", wanted.bits, found.bits);
        compare(wanted.binning == found.binning, "binning", wanted.binning, found.binning);
        return others;
    }

    Claim claim_;
    const Clock& clock_;
    const std::shared_ptr<transports::TrafficLog> log_;
    std::unique_ptr<GenicamDevice> device_;
    std::unique_ptr<GenicamDevice> dead_; ///< which failed, and was not closed yet
    bool awaited_ = false;                ///< a frame was asked for that did not come
    std::uint64_t begun_ = 0;             ///< frames that had begun before the last trigger
    CameraSetup as_taken_;                ///< what the camera made of it
    std::optional<CameraSetup> setup_;    ///< which the camera has, and waits for triggers with
    std::atomic<bool> shut_ = false;
    std::atomic<std::uint64_t> lost_ = 0;
    std::string last_loss_;
    std::atomic<std::uint64_t> life_ = 0;
    std::atomic<std::size_t> width_ = 0;
    std::atomic<std::size_t> height_ = 0;
};

} // namespace

std::unique_ptr<Camera> make_genicam_camera(const InstrumentSettings& settings,
                                            const std::filesystem::path& lock_dir,
                                            const Clock& clock) {
    return std::make_unique<GenicamCamera>(settings, lock_dir, clock);
}

} // namespace phyll::instruments
