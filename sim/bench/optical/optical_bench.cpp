#include "sim/bench/optical/optical_bench.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"
#include "sim/bench/optical/camera_server.hpp"
#include "sim/bench/optical/lit_display.hpp"
#include "sim/bench/optical/screen.hpp"
#include "sim/bench/optical/virtual_display.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <utility>

namespace phyll::bench {
namespace {

/// With which the bench's own serial number is left at a screen that is looked at.
constexpr const char* screen_serial = "PHYLLSIM-SCREEN";
constexpr std::size_t most_pixels = 8192;
constexpr unsigned most_side = 64;

class OpticalEquipment final : public Equipment {
  public:
    /// The camera stands last, and the display, where there is one, first.
    OpticalEquipment(const OpticalBench& bench, const std::vector<Site>& sites)
        : bench_(bench), display_(bench.width, bench.height, bench.latency, bench.refresh, clock_) {
        if (bench.screen.empty()) {
            slm_.emplace(fmt::format("PHYLLSIM-D{}", sites.front().port), display_, sites.front());
        } else {
            screen_.emplace(bench.screen);
            screen_->write_serial(screen_serial);
        }
        scene_.emplace(bench.nature, [this] { return see(); });
        camera_.emplace(
            fmt::format("PHYLLSIM-C{}", sites.back().port),
            [this](const Exposure& exposure, std::span<std::uint16_t> counts) {
                scene_->look(exposure, counts);
            },
            bench.exposing, sites.back());
    }

    [[nodiscard]] std::vector<Instrument*> instruments() override {
        if (slm_) {
            return {&*slm_, &*camera_};
        }
        return {&*camera_};
    }
    [[nodiscard]] std::string config(const std::vector<std::string>& addresses) const override;

  private:
    [[nodiscard]] SeenPicture see() {
        if (screen_) {
            return {.width = screen_->width(),
                    .height = screen_->height(),
                    .levels = screen_->levels()};
        }
        return {.width = display_.width(), .height = display_.height(), .levels = display_.lit()};
    }

    const OpticalBench bench_;
    SystemClock clock_;
    LitDisplay display_;
    std::optional<VirtualDisplay> slm_;
    std::optional<Screen> screen_;
    std::optional<Scene> scene_;
    std::optional<CameraInstrument> camera_;
};

std::string OpticalEquipment::config(const std::vector<std::string>& addresses) const {
    const physics::OpticalParameters& device = bench_.nature.device;
    return fmt::format(
        R"([[instruments]]
name = "slm"
kind = "slm"
address = "{}"
virtual = true

[[instruments]]
name = "camera"
kind = "camera"
address = "{}"
virtual = true

[[rigs]]
name = "speckle"
kind = "optical-instruments"
unattended = true
options = {{ slm = "slm", camera = "camera", width = {}, height = {}, outputs = {}, super_pixel = {}, bits = {}, modulation = "{}", phase_range = {}, exposure = {}, exposure_time = {}, settle_time = {} }}
)",
        slm_ ? addresses.front() : bench_.screen_address, addresses.back(), device.width,
        device.height, device.outputs, bench_.nature.side, device.bits,
        device.modulation == physics::OpticalModulation::phase ? "phase" : "amplitude",
        device.phase_range, device.exposure, bench_.nature.nominal_exposure,
        std::max(0.01, 2 * (bench_.latency + bench_.refresh).count()));
}

class OpticalPlan final : public Plan {
  public:
    explicit OpticalPlan(OpticalBench bench) : bench_(std::move(bench)) {}

    [[nodiscard]] Seconds transfer_time() const override { return bench_.transfer_time; }
    [[nodiscard]] std::vector<Place> places() const override {
        std::vector<Place> places;
        if (bench_.screen.empty()) {
            places.push_back({.name = "slm", .port = bench_.slm_port});
        }
        places.push_back({.name = "camera", .way = Way::gige, .address = bench_.camera_address});
        return places;
    }
    [[nodiscard]] std::unique_ptr<Equipment> build(Loop& /*loop*/,
                                                   const std::vector<Site>& sites) const override {
        return std::make_unique<OpticalEquipment>(bench_, sites);
    }

  private:
    OpticalBench bench_;
};

} // namespace

std::unique_ptr<Plan> optical_plan(const OpticalBench& bench) {
    physics::check(bench.nature.device);
    require_between("display-width", static_cast<double>(bench.width),
                    static_cast<double>(bench.nature.device.width), most_pixels);
    require_between("display-height", static_cast<double>(bench.height),
                    static_cast<double>(bench.nature.device.height), most_pixels);
    require_between("super-pixel", static_cast<double>(bench.nature.side), 1, most_side);
    require_between("exposure-time", bench.nature.nominal_exposure, 1e-6, 10);
    require_between("exposing", bench.exposing, 0, 1000);
    require_between("display-latency", bench.latency.count(), 0, 60);
    require_between("refresh", bench.refresh.count(), 0, 60);
    require_between("transfer-time", bench.transfer_time.count(), 0, 60);
    if (bench.screen.empty() != bench.screen_address.empty()) {
        throw invalid_field("screen", "needs screen-address, and screen-address screen");
    }
    return std::make_unique<OpticalPlan>(bench);
}

} // namespace phyll::bench
