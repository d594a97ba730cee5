#include "sim/bench/acoustic/acoustic_bench.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/require.hpp"
#include "sim/bench/acoustic/audio_card.hpp"
#include "sim/physics/acoustic/linear_response.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace phyll::bench {
namespace {

constexpr unsigned usual_period = 1024;
constexpr unsigned real_time_period = 256;

SoundServer::Nature server_of(const AcousticBench& bench, const Site& site) {
    const unsigned usual = bench.real_time ? real_time_period : usual_period;
    return {.rate = static_cast<unsigned>(bench.nature.device.sample_rate),
            .period = bench.period == 0 ? usual : bench.period,
            .freewheel = !bench.real_time,
            .serial = fmt::format("PHYLLSIM-A{}", site.port)};
}

class AcousticEquipment final : public Equipment {
  public:
    AcousticEquipment(const AcousticBench& bench, Loop& loop, const Site& site)
        : nature_(bench.nature), card_(loop, server_of(bench, site), bench.nature, site) {}

    [[nodiscard]] std::vector<Instrument*> instruments() override { return {&card_}; }
    [[nodiscard]] std::string config(const std::vector<std::string>& addresses) const override;
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const override {
        return {{"JACK_DEFAULT_SERVER", card_.server()}, {"JACK_NO_START_SERVER", "1"}};
    }

  private:
    const Room::Nature nature_;
    AudioCard card_;
};

std::string AcousticEquipment::config(const std::vector<std::string>& addresses) const {
    return fmt::format(
        R"([[instruments]]
name = "audio"
kind = "audio"
address = "{}"
virtual = true

[[rigs]]
name = "sound"
kind = "acoustic-instruments"
unattended = true
options = {{ audio = "audio", {} }}
)",
        addresses.front(), acoustic_options(nature_));
}

class AcousticPlan final : public Plan {
  public:
    explicit AcousticPlan(AcousticBench bench) : bench_(std::move(bench)) {}

    [[nodiscard]] Seconds transfer_time() const override { return bench_.transfer_time; }
    [[nodiscard]] std::vector<Place> places() const override {
        return {{.name = "audio", .port = bench_.audio_port}};
    }
    [[nodiscard]] std::unique_ptr<Equipment> build(Loop& loop,
                                                   const std::vector<Site>& sites) const override {
        return std::make_unique<AcousticEquipment>(bench_, loop, sites.front());
    }

  private:
    AcousticBench bench_;
};

} // namespace

std::string acoustic_options(const Room::Nature& nature) {
    const physics::AcousticParameters& device = nature.device;
    return fmt::format(R"(sample_rate = {}, settle_time = {}, window_time = {}, )"
                       R"(bins = "{}", tone_amplitude = {}, full_scale_pressure = {}, )"
                       R"(tone_gains = [{}])",
                       device.sample_rate, device.settle_time, device.window_time,
                       device.bins == physics::AcousticBins::drive ? "drive" : "intermodulation",
                       device.drive / nature.speaker_full_scale, nature.microphone_full_scale,
                       fmt::join(physics::tone_gains(device), ", "));
}

std::unique_ptr<Plan> acoustic_plan(const AcousticBench& bench) {
    physics::check(bench.nature.device);
    require_between("sample-rate", bench.nature.device.sample_rate, 8'000, 192'000);
    require_between("speaker-full-scale", bench.nature.speaker_full_scale, 1e-9, 1);
    require_between("microphone-full-scale", bench.nature.microphone_full_scale, 1e-6, 1e6);
    require_between("converter-bits", bench.nature.bits, 8U, 24U);
    require_not_negative("microphone-noise", bench.nature.noise);
    require_between("transfer-time", bench.transfer_time.count(), 0, 60);
    if (bench.period != 0 &&
        (bench.period < 16 || bench.period > 8192 || (bench.period & (bench.period - 1)) != 0)) {
        throw invalid_field(
            "period", fmt::format("{}; valid are powers of two, 16 to 8192, or 0", bench.period));
    }
    return std::make_unique<AcousticPlan>(bench);
}

} // namespace phyll::bench
