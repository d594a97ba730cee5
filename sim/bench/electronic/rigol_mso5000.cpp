#include "sim/bench/electronic/rigol_mso5000.hpp"

#include "sim/bench/electronic/waveform_data.hpp"
#include "sim/bench/scpi/block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace phyll::bench {
namespace {

constexpr double screen = 10.0;   ///< divisions of time
constexpr double divisions = 8.0; ///< of voltage
constexpr double codes_a_division = 25.0;
constexpr double middle_code = 128.0;
constexpr double highest_code = 255.0;
constexpr int block_digits = 9;
constexpr NumberRange time_scales{1e-9, 1000.0};
constexpr NumberRange time_offsets{-1000.0, 1000.0};
constexpr NumberRange scales{500e-6, 10.0}; ///< V per division, without a probe
constexpr NumberRange offsets{-100.0, 100.0};
constexpr NumberRange levels{-100.0, 100.0};
constexpr NumberRange probes{0.01, 1000.0};

const std::vector<std::string> depths{"AUTO", "1K", "10K", "100K", "1M", "10M"};
constexpr auto depth_points =
    std::to_array<std::size_t>({10'000, 1'000, 10'000, 100'000, 1'000'000, 10'000'000});
const std::vector<std::string> types{"NORMal", "AVERages", "PEAK", "HRESolution"};
const std::vector<std::string> trigger_modes{"EDGE"};
const std::vector<std::string> sweeps{"AUTO", "NORMal", "SINGle"};
const std::vector<std::string> slopes{"POSitive", "NEGative", "RFALl"};
const std::vector<std::string> sources{"CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4"};
const std::vector<std::string> modes{"NORMal", "MAXimum", "RAW"};
constexpr std::size_t raw_mode = 2;
const std::vector<std::string> formats{"WORD", "BYTE"};
constexpr std::size_t word_format = 0;
const std::vector<std::string> couplings{"DC"};

std::string number_text(double value) {
    return fmt::format("{:.6E}", value);
}

constexpr ReplyStyle style{.number = number_text};

double step_of(double range) {
    return range / divisions / codes_a_division;
}

} // namespace

RigolMso5000::RigolMso5000(const std::string& serial, Loop& loop, const Site& site,
                           DigitiserNature nature)
    : Digitiser(fmt::format("RIGOL TECHNOLOGIES,MSO5074,{},00.01.03.03.00", serial),
                ErrorQueue::Sign::negative_only, loop, site, nature) {
    add_run_commands();
    add_timebase_commands();
    add_channel_commands();
    add_trigger_commands();
    add_waveform_commands();
    reset();
}

void RigolMso5000::reset() {
    stop();
    settings() = {};
    for (Channel& channel : settings().channel) {
        channel.range = 0.1 * divisions;
    }
    settings().channel[0].shown = true;
    own_ = {};
    place_window();
}

void RigolMso5000::add_run_commands() {
    table().command(":STOP", {}, [this](Call&) { stop(); });
    table().command(":SINGle", {}, [this](Call&) {
        own_.sweep = 2;
        arm(true);
    });
    table().command(":RUN", {}, [this](Call&) { arm(own_.sweep == 2); });
    table().query(":TRIGger:STATus", [this](Call& call) {
        call.reply(state() == State::stopped ? "STOP" : state() == State::waiting ? "WAIT" : "TD");
    });
}

void RigolMso5000::add_timebase_commands() {
    const auto time = [this](std::string_view pattern, double& value, NumberRange range) {
        table().command(pattern, {1, 1}, [this, &value, range](Call& call) {
            value = call.number(0, range);
            place_window();
        });
        table().query(pattern, [&value](Call& call) { call.reply(number_text(value)); });
    };
    time(":TIMebase[:MAIN]:SCALe", own_.scale, time_scales);
    time(":TIMebase[:MAIN]:OFFSet", own_.offset, time_offsets);
    add_choice(table(), ":ACQuire:TYPE", own_.type, types);
    add_choice(table(), ":ACQuire:MDEPth", own_.depth, depths);
    table().query(":ACQuire:SRATe", [this](Call& call) {
        call.reply(number_text(static_cast<double>(points()) / (screen * own_.scale)));
    });
}

void RigolMso5000::place_window() {
    const double duration = screen * own_.scale;
    settings().window = {own_.offset - duration / 2, duration};
}

std::size_t RigolMso5000::points() const {
    return depth_points.at(own_.depth);
}

void RigolMso5000::add_channel_commands() {
    constexpr std::string_view display = ":CHANnel<1-4>:DISPlay";
    table().command(display, {1, 1}, [this](Call& call) {
        settings().channel[call.suffix() - 1].shown = call.boolean(0);
    });
    table().query(display, [this](Call& call) {
        call.reply(style.of(settings().channel[call.suffix() - 1].shown));
    });
    constexpr std::string_view scale = ":CHANnel<1-4>:SCALe";
    table().command(scale, {1, 1}, [this](Call& call) {
        Channel& channel = settings().channel[call.suffix() - 1];
        channel.range =
            divisions * call.number(0, {scales.least * channel.probe, scales.most * channel.probe});
    });
    table().query(scale, [this](Call& call) {
        call.reply(number_text(settings().channel[call.suffix() - 1].range / divisions));
    });
    constexpr std::string_view offset = ":CHANnel<1-4>:OFFSet";
    table().command(offset, {1, 1}, [this](Call& call) {
        Channel& channel = settings().channel[call.suffix() - 1];
        channel.offset =
            call.number(0, {offsets.least * channel.probe, offsets.most * channel.probe});
    });
    table().query(offset, [this](Call& call) {
        call.reply(number_text(settings().channel[call.suffix() - 1].offset));
    });
    constexpr std::string_view probe = ":CHANnel<1-4>:PROBe";
    table().command(probe, {1, 1}, [this](Call& call) {
        Channel& channel = settings().channel[call.suffix() - 1];
        const double attenuation = call.number(0, probes);
        channel.range *= attenuation / channel.probe;
        channel.offset *= attenuation / channel.probe;
        channel.probe = attenuation;
    });
    table().query(probe, [this](Call& call) {
        call.reply(number_text(settings().channel[call.suffix() - 1].probe));
    });
    constexpr std::string_view coupling = ":CHANnel<1-4>:COUPling";
    table().command(coupling, {1, 1},
                    [](Call& call) { static_cast<void>(call.choice(0, couplings)); });
    table().query(coupling, [](Call& call) { call.reply(couplings.front()); });
}

void RigolMso5000::add_trigger_commands() {
    add_choice(table(), ":TRIGger:MODE", own_.trigger_mode, trigger_modes);
    add_choice(table(), ":TRIGger:SWEep", own_.sweep, sweeps);
    constexpr std::string_view source = ":TRIGger:EDGE:SOURce";
    table().command(source, {1, 1}, [this](Call& call) {
        settings().trigger.source = static_cast<unsigned>(call.choice(0, sources)) + 1;
    });
    table().query(source, [this](Call& call) {
        call.reply(fmt::format("CHAN{}", settings().trigger.source));
    });
    add_number(table(), ":TRIGger:EDGE:LEVel", settings().trigger.level, levels, style);
    add_choice(table(), ":TRIGger:EDGE:SLOPe", settings().trigger.slope, slopes);
}

void RigolMso5000::add_waveform_commands() {
    add_choice(table(), ":WAVeform:SOURce", own_.source, sources);
    add_choice(table(), ":WAVeform:MODE", own_.mode, modes);
    add_choice(table(), ":WAVeform:FORMat", own_.format, formats);
    const auto place = [this](std::string_view pattern, std::size_t& value) {
        table().command(pattern, {1, 1},
                        [&value](Call& call) { value = call.whole(0, 1, depth_points.back()); });
        table().query(pattern, [&value](Call& call) { call.reply(fmt::format("{}", value)); });
    };
    place(":WAVeform:STARt", own_.start);
    place(":WAVeform:STOP", own_.stop);
    table().query(":WAVeform:PREamble", [this](Call& call) { call.reply(preamble()); });
    table().query(":WAVeform:DATA", [this](Call& call) { call.reply(data()); });
}

const Digitiser::Record& RigolMso5000::readable() const {
    const Record& taken = record();
    if (!taken.settings.channel[own_.source].shown) {
        throw ScpiError(scpi_number::settings_conflict, "source is not displayed");
    }
    if (own_.mode == raw_mode && state() != State::stopped) {
        throw ScpiError(scpi_number::settings_conflict, "not stopped");
    }
    if (own_.start > own_.stop || own_.stop > points()) {
        throw ScpiError(scpi_number::out_of_range);
    }
    return taken;
}

std::string RigolMso5000::preamble() const {
    const Record& taken = readable();
    const Channel& channel = taken.settings.channel[own_.source];
    const double step = step_of(channel.range);
    return fmt::format("{},{},{},1,{},{},0,{},{:.0f},{:.0f}", own_.format == word_format ? 1 : 0,
                       own_.mode, own_.stop - own_.start + 1,
                       number_text(taken.settings.window.duration / static_cast<double>(points())),
                       number_text(taken.settings.window.start), number_text(step),
                       std::nearbyint(channel.offset / step), middle_code);
}

std::string RigolMso5000::data() const {
    const Channel& channel = readable().settings.channel[own_.source];
    const std::size_t bytes = own_.format == word_format ? 2 : 1;
    const double step = step_of(channel.range);
    const double origin = std::nearbyint(channel.offset / step) + middle_code;
    std::string block;
    block.reserve(bytes * (own_.stop - own_.start + 1));
    for (std::size_t i = own_.start - 1; i < own_.stop; ++i) {
        const double volts = measured(static_cast<unsigned>(own_.source) + 1, i, points());
        const double code = std::clamp(std::nearbyint(volts / step + origin), 0.0, highest_code);
        append_word(block, static_cast<std::uint32_t>(code), bytes, std::endian::little);
    }
    return as_block(block, block_digits);
}

} // namespace phyll::bench
