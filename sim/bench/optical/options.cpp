#include "sim/bench/optical/optical_bench.hpp"
#include "sim/bench/shared_option.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace phyll::bench {
namespace {

class OpticalCommandLine final : public BenchCommandLine {
  public:
    void add_options(CLI::App& app) override;
    [[nodiscard]] std::unique_ptr<Plan> plan() const override {
        OpticalBench bench = bench_;
        bench.latency = Seconds(latency_);
        bench.refresh = Seconds(refresh_);
        bench.transfer_time = Seconds(shared_value(*app_, "--transfer-time", transfer_time_));
        bench.nature.noise_seed = shared_value(*app_, "--seed", bench_.nature.noise_seed);
        bench.nature.device.modulation =
            amplitude_ ? physics::OpticalModulation::amplitude : physics::OpticalModulation::phase;
        return optical_plan(bench);
    }

  private:
    const CLI::App* app_ = nullptr;
    OpticalBench bench_;
    double latency_ = 0.0;
    double refresh_ = 0.0;
    double transfer_time_ = 0.0;
    bool amplitude_ = false;
};

void OpticalCommandLine::add_options(CLI::App& app) {
    app_ = &app;
    physics::OpticalParameters& device = bench_.nature.device;
    app.add_option("--display-width", bench_.width, "Pixels of the display in a row")
        ->capture_default_str();
    app.add_option("--display-height", bench_.height, "Rows of pixels of the display")
        ->capture_default_str();
    app.add_option("--slm-port", bench_.slm_port, "TCP port of 127.0.0.1; 0 picks a free one")
        ->capture_default_str();
    app.add_option("--screen", bench_.screen,
                   "X server whose screen the light falls on, as \":1\", instead of a display of "
                   "the bench's own: a phyllslm shows pictures there");
    app.add_option("--screen-address", bench_.screen_address, "Address of that phyllslm");
    app.add_option("--camera", bench_.camera_address, "IP address of the camera, of this machine")
        ->capture_default_str();
    app.add_option("--width", device.width, "Pixels in a row of the modulator")
        ->capture_default_str();
    app.add_option("--height", device.height, "Rows of pixels of the modulator")
        ->capture_default_str();
    app.add_option("--outputs", device.outputs, "Super-pixels")->capture_default_str();
    app.add_option("--super-pixel", bench_.nature.side, "Side of one, in pixels of the sensor")
        ->capture_default_str();
    app.add_option("--bits", device.bits, "Of a count, for the configuration: 8 or 16")
        ->capture_default_str();
    app.add_flag("--amplitude", amplitude_, "The modulator dims the light, and turns no phase");
    app.add_option("--medium-seed", bench_.nature.device_seed,
                   "Which medium it is, as a rig's seed")
        ->capture_default_str();
    app.add_option("--camera-noise", device.camera_noise,
                   "Factor on shot and read noise; 0: none. A function of the seed, the count of "
                   "frames and the super-pixel")
        ->capture_default_str();
    app.add_option("--exposure-time", bench_.nature.nominal_exposure,
                   "Exposure, in s, that fills a quarter of full scale")
        ->capture_default_str();
    app.add_option("--exposing", bench_.exposing,
                   "What an exposure takes of real time, in units of its own: 0 is none of it");
    app.add_option("--display-latency", latency_,
                   "Time, in s, from when a picture is shown until light meets it")
        ->capture_default_str();
    app.add_option("--refresh", refresh_,
                   "Time, in s, from one refresh of the display to the next, with which pictures "
                   "change; 0: at any time");
    add_shared_option(app, "--seed", bench_.nature.noise_seed, "Seed of the noise");
    add_shared_option(app, "--transfer-time", transfer_time_,
                      "Time, in s, that every message takes before the instrument acts");
}

} // namespace

BenchKind optical_bench() {
    return {.name = "optical",
            .about = "a display before a scattering medium, and a camera behind it",
            .command_line = [] { return std::make_unique<OpticalCommandLine>(); }};
}

} // namespace phyll::bench
