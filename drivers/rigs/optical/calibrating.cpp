#include "drivers/rigs/optical/calibrating.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace phyll::rigs {
namespace {

constexpr std::size_t random_stimuli = 8;
constexpr int repeats = 4;
constexpr int most_exposures = 12;
/// The signal is as asked for when it is within that share.
constexpr double exposure_tolerance = 0.02;
constexpr double shortest_exposure = 1e-6;
constexpr double longest_exposure = 10.0;
/// A signal of fewer counts than that is none.
constexpr double least_signal = 0.5;
/// Differences up to so many times the noise are noise; and what is left of a change of picture
/// when it counts as settled, beside that.
constexpr double noise_room = 3.0;
constexpr double settled_share = 1e-3;
/// Waits that are tried, as powers of 2 of the settle time that is expected.
constexpr int shortest_wait = -6;
constexpr int longest_wait = 2;
/// How often the last step is halved, on a logarithmic scale: to 9 %.
constexpr int refinements = 3;
constexpr double settle_room = 1.1;
constexpr double least_settle = 1e-3;
/// So often the wait that was found is tried both ways, begun at other phases of the display's
/// refresh each time; and by how much it grows when that was not enough.
constexpr int trials = 8;
constexpr Seconds phase_step{0.0021};
constexpr double longer = 1.25;
/// The display does nothing that changes less than so many times the noise.
constexpr double dead_room = 4.0;

class Calibrating {
  public:
    Calibrating(Viewer& viewer, const OpticalSettings& settings, const Patience& patience)
        : viewer_(viewer),
          settings_(settings),
          patience_(patience),
          camera_(settings.camera),
          expected_(std::max(settings.settle_time, least_settle)),
          dark_(settings.picture.inputs(), 0.0F),
          known_(reference_stimulus(settings.picture.inputs())) {}

    [[nodiscard]] OpticalCalibration all() {
        OpticalCalibration found;
        expose(found);
        measure_reference(found);
        require_distinct(found);
        require_overlap(found);
        found.settle_time = settle_time(found);
        measure_levels(found);
        return found;
    }

  private:
    [[nodiscard]] Speckle settled(const std::vector<float>& drives) {
        return after(drives, std::ldexp(expected_, longest_wait));
    }
    [[nodiscard]] Speckle after(const std::vector<float>& drives, double wait,
                                const Picture* next = nullptr) {
        viewer_.show(viewer_.picture_of(drives), patience_);
        const Viewer::Capture capture = viewer_.capture(Seconds(wait), next, patience_);
        const auto full = static_cast<std::uint16_t>(camera_.largest_count());
        saturated_ = static_cast<double>(std::ranges::count(capture.frame.counts, full)) /
                     static_cast<double>(capture.frame.counts.size());
        Speckle speckle(settings_.frame.outputs);
        read_super_pixels(capture.frame, settings_.frame, speckle);
        return speckle;
    }

    /// Mean signal over random stimuli, as a share of full scale.
    void measure_signal(OpticalCalibration& found) {
        const KeyedRandom random(0, "optical calibration");
        found.signal = 0.0;
        found.saturated = 0.0;
        others_.clear();
        for (std::size_t i = 0; i < random_stimuli; ++i) {
            std::vector<float> drives(dark_.size());
            for (std::size_t k = 0; k < drives.size(); ++k) {
                drives[k] = static_cast<float>(random.uniform(k, i));
            }
            const double full = static_cast<double>(camera_.largest_count());
            others_.push_back(settled(drives));
            found.signal += mean_of(others_.back()) / full / random_stimuli;
            found.saturated += saturated_ / random_stimuli;
        }
        if (found.signal * static_cast<double>(camera_.largest_count()) < least_signal) {
            throw Error(Code::unavailable,
                        fmt::format("hardly any light arrives: {:.2g} counts in the mean with an "
                                    "exposure of {:g} s; is the laser on, and does the region see "
                                    "the speckle?",
                                    found.signal * static_cast<double>(camera_.largest_count()),
                                    camera_.exposure.count()));
        }
    }

    void expose(OpticalCalibration& found) {
        for (int tried = 1;; ++tried) {
            viewer_.prepare(settings_.picture, camera_, patience_);
            measure_signal(found);
            found.exposure_time = camera_.exposure.count();
            const double factor = settings_.exposure / found.signal;
            if (settings_.exposure_fixed || std::abs(factor - 1.0) <= exposure_tolerance) {
                return;
            }
            // A frame that is mostly saturated tells little of how far too bright it is.
            const double next =
                found.exposure_time * std::clamp(factor, 0.1, found.saturated > 0.1 ? 0.5 : 10.0);
            if (tried == most_exposures || next < shortest_exposure || next > longest_exposure) {
                throw Error(Code::unavailable,
                            fmt::format("no exposure fills {:.0f} % of full scale: with {:g} s it "
                                        "is {:.0f} %; another gain or more or less light may help",
                                        100 * settings_.exposure, found.exposure_time,
                                        100 * found.signal));
            }
            camera_.exposure = Seconds(next);
        }
    }

    void measure_reference(OpticalCalibration& found) {
        std::vector<Speckle> speckles;
        for (int i = 0; i < repeats; ++i) {
            speckles.push_back(settled(known_));
        }
        found.reference.assign(settings_.frame.outputs, 0.0F);
        for (const Speckle& speckle : speckles) {
            for (std::size_t k = 0; k < speckle.size(); ++k) {
                found.reference[k] += speckle[k] / static_cast<float>(repeats);
            }
        }
        double least = 1.0;
        double squares = 0.0;
        for (const Speckle& speckle : speckles) {
            least = std::min(least, correlation(speckle, speckles.front()));
            squares += std::pow(distance(found.reference, speckle), 2);
        }
        found.noise_counts = std::sqrt(squares / (repeats - 1));
        found.noise = 1.0 - least;
        scale_ = distance(found.reference, Speckle(found.reference.size(), 0.0F));
        difference_noise_ = scale_ > 0.0 ? found.noise_counts / scale_ : 0.0;
        if (least < settings_.reference_least) {
            throw Error(
                Code::unavailable,
                fmt::format("the speckle of one picture does not repeat: it correlates by "
                            "{:.2f} with itself, and reference_least is {:.2f}; more light, "
                            "a steadier medium or a longer settle_time may help",
                            least, settings_.reference_least));
        }
    }

    /// The reference proves nothing where other pictures look the same.
    void require_distinct(OpticalCalibration& found) {
        others_.push_back(settled(dark_));
        found.likest = -1.0;
        for (const Speckle& other : others_) {
            found.likest = std::max(found.likest, correlation(found.reference, other));
        }
        if (found.likest >= settings_.reference_least) {
            throw Error(Code::unavailable,
                        fmt::format("the speckle of another picture correlates by {:.2f} with that "
                                    "of the reference, and reference_least is {:.2f}: no frame "
                                    "would be known to be out of step; a larger phase_range, more "
                                    "outputs, less unmodulated light or a larger reference_least "
                                    "may help",
                                    found.likest, settings_.reference_least));
        }
    }

    /// The picture that is sent while a frame is read must not be in that frame.
    void require_overlap(const OpticalCalibration& found) {
        if (!settings_.overlap) {
            return;
        }
        const Picture dark = viewer_.picture_of(dark_);
        const double wait = std::ldexp(expected_, longest_wait);
        const double allowed = noise_room * difference_noise_ + settled_share;
        if (difference(found.reference, after(known_, wait, &dark)) > allowed) {
            throw Error(Code::unavailable,
                        "the picture that is sent while a frame is read shows in that frame: the "
                        "camera exposes one row after the other; overlap = false has it wait");
        }
    }

    /// Against the root mean square of the reference: what is dark has none of its own.
    [[nodiscard]] double difference(const Speckle& a, const Speckle& b) const {
        return scale_ > 0.0 ? distance(a, b) / scale_ : 0.0;
    }

    [[nodiscard]] bool is_settled(const std::vector<float>& from, const std::vector<float>& to,
                                  const Speckle& end, double allowed, double wait) {
        static_cast<void>(after(from, std::ldexp(expected_, longest_wait) + phase_.count()));
        return difference(end, after(to, wait)) <= allowed;
    }

    [[nodiscard]] double settle_time(const OpticalCalibration& found) {
        const Speckle dark = settled(dark_);
        const double step = difference(found.reference, dark);
        const double allowed = noise_room * difference_noise_ + settled_share * step;
        if (step <= dead_room * difference_noise_) {
            throw Error(Code::unavailable,
                        "the display changes nothing that the camera sees; is it in the light, and "
                        "is the look-up table that of the laser's wavelength?");
        }
        const auto is_enough = [&](double wait) {
            return is_settled(dark_, known_, found.reference, allowed, wait) &&
                   is_settled(known_, dark_, dark, allowed, wait);
        };
        double wait = std::ldexp(expected_, longest_wait);
        double too_short = 0.0;
        for (int power = longest_wait - 1; power >= shortest_wait && too_short == 0.0; --power) {
            const double shorter = std::ldexp(expected_, power);
            (is_enough(shorter) ? wait : too_short) = shorter;
        }
        if (wait >= std::ldexp(expected_, longest_wait)) {
            throw Error(Code::unavailable, still_changing(wait / 2));
        }
        for (int k = 0; k < refinements && too_short > 0.0; ++k) {
            const double between = std::sqrt(wait * too_short);
            (is_enough(between) ? wait : too_short) = between;
        }
        return tried(settle_room * wait, is_enough);
    }

    /// The wait, or as much more as it takes to be enough at every phase.
    template <class IsEnough>
    [[nodiscard]] double tried(double wait, IsEnough is_enough) {
        for (int trial = 0; trial < trials; ++trial) {
            phase_ = trial * phase_step;
            if (!is_enough(wait)) {
                wait *= longer;
                trial = -1;
            }
            if (wait > std::ldexp(expected_, longest_wait + 1)) {
                throw Error(Code::unavailable, still_changing(wait));
            }
        }
        return wait;
    }

    [[nodiscard]] static std::string still_changing(double wait) {
        return fmt::format("{:g} s after a picture was shown the speckle still changes; a larger "
                           "settle_time has it waited for",
                           wait);
    }

    void measure_levels(OpticalCalibration& found) {
        const Speckle dark = settled(dark_);
        for (std::size_t i = 0; i < response_levels; ++i) {
            const float drive = static_cast<float>(i) / (response_levels - 1);
            std::vector<float> half = dark_;
            for (std::size_t k = 0; k < half.size(); ++k) {
                half[k] = known_[k] < 0.5F ? drive : 0.0F;
            }
            found.level_response.push_back(
                difference(dark, after(half, std::ldexp(expected_, longest_wait))));
        }
    }

    Viewer& viewer_;
    const OpticalSettings& settings_;
    const Patience& patience_;
    instruments::CameraSetup camera_;
    const double expected_;
    const std::vector<float> dark_;
    const std::vector<float> known_;
    std::vector<Speckle> others_;   ///< of other pictures than the reference
    Seconds phase_{0};              ///< that a change of picture is later by
    double saturated_ = 0.0;        ///< of the last frame
    double scale_ = 0.0;            ///< counts; root mean square of the reference
    double difference_noise_ = 0.0; ///< of the difference of two speckles of the same picture
};

} // namespace

std::vector<float> reference_stimulus(std::size_t inputs) {
    const KeyedRandom random(0, "optical reference");
    std::vector<float> drives(inputs);
    for (std::size_t k = 0; k < inputs; ++k) {
        drives[k] = static_cast<float>(random.uniform(k));
    }
    return drives;
}

OpticalCalibration calibrate(Viewer& viewer, const OpticalSettings& settings,
                             const Patience& patience) {
    return Calibrating(viewer, settings, patience).all();
}

} // namespace phyll::rigs
