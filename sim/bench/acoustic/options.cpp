#include "sim/bench/acoustic/acoustic_bench.hpp"
#include "sim/bench/shared_option.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace phyll::bench {
namespace {

class AcousticCommandLine final : public BenchCommandLine {
  public:
    void add_options(CLI::App& app) override;
    [[nodiscard]] std::unique_ptr<Plan> plan() const override {
        AcousticBench bench = bench_;
        bench.transfer_time = Seconds(shared_value(*app_, "--transfer-time", transfer_time_));
        bench.nature.noise_seed = shared_value(*app_, "--seed", bench_.nature.noise_seed);
        bench.nature.device.bins = intermodulation_ ? physics::AcousticBins::intermodulation
                                                    : physics::AcousticBins::drive;
        return acoustic_plan(bench);
    }

  private:
    const CLI::App* app_ = nullptr;
    AcousticBench bench_;
    double transfer_time_ = 0.0;
    bool intermodulation_ = false;
};

void AcousticCommandLine::add_options(CLI::App& app) {
    app_ = &app;
    physics::AcousticParameters& device = bench_.nature.device;
    app.add_option("--audio-port", bench_.audio_port, "TCP port of 127.0.0.1; 0 picks a free one")
        ->capture_default_str();
    app.add_flag("--real-time", bench_.real_time,
                 "The sound server runs in real time, for other programs to play and record; else "
                 "as fast as it can, in step with what is asked for");
    app.add_option("--period", bench_.period,
                   "Frames that the sound server takes at a time; 0: 1024, in real time 256")
        ->capture_default_str();
    app.add_option("--sample-rate", device.sample_rate, "Frames a second")->capture_default_str();
    app.add_flag("--intermodulation", intermodulation_,
                 "For the configuration: what is listened to, as the rig's option bins");
    app.add_option("--nonlinearity", device.nonlinearity,
                   "Factor on the membranes' cubic stiffness; 0: a linear cavity")
        ->capture_default_str();
    app.add_option("--speaker-full-scale", bench_.nature.speaker_full_scale,
                   "Volume velocity, in m^3/s, that a speaker makes of full scale")
        ->capture_default_str();
    app.add_option("--microphone-full-scale", bench_.nature.microphone_full_scale,
                   "Pressure, in Pa, that a microphone makes full scale of")
        ->capture_default_str();
    app.add_option("--converter-bits", bench_.nature.bits,
                   "Of the converter behind the microphones")
        ->capture_default_str();
    app.add_option("--microphone-noise", bench_.nature.noise,
                   "Root mean square, in Pa, of the noise at each microphone")
        ->capture_default_str();
    add_shared_option(app, "--seed", bench_.nature.noise_seed, "Seed of the noise");
    add_shared_option(app, "--transfer-time", transfer_time_,
                      "Time, in s, that every message takes before the instrument acts");
}

} // namespace

BenchKind acoustic_bench() {
    return {.name = "acoustic",
            .about = "speakers and microphones in a cavity, behind a sound server",
            .command_line = [] { return std::make_unique<AcousticCommandLine>(); }};
}

} // namespace phyll::bench
