#include "sim/bench/electronic/keysight_infiniivision.hpp"

#include "sim/bench/electronic/waveform_data.hpp"
#include "sim/bench/scpi/block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace phyll::bench {
namespace {

constexpr double converter_codes = 4096.0;
constexpr double word_per_code = 16.0;
constexpr unsigned converter_to_byte = 4; ///< bits
constexpr int block_digits = 8;
constexpr std::size_t least_points = 100;
constexpr std::size_t most_points = 4'000'000;
constexpr double divisions = 8.0;
constexpr NumberRange ranges{8e-3, 40.0}; ///< V, without a probe
constexpr NumberRange offsets{-100.0, 100.0};
constexpr NumberRange probes{0.001, 10'000.0};
constexpr NumberRange time_ranges{20e-9, 500.0};
constexpr NumberRange positions{-500.0, 500.0};
constexpr NumberRange levels{-100.0, 100.0};
constexpr unsigned running = 1U << 3U;
constexpr unsigned waits = 1U << 5U;

const std::vector<std::string> references{"LEFT", "CENTer", "RIGHt"};
const std::vector<std::string> timebase_modes{"MAIN", "WINDow", "XY", "ROLL"};
const std::vector<std::string> types{"NORMal", "AVERage", "HRESolution", "PEAK"};
const std::vector<std::string> slopes{"POSitive", "NEGative", "EITHer"};
const std::vector<std::string> sweeps{"AUTO", "NORMal"};
const std::vector<std::string> trigger_modes{"EDGE"};
const std::vector<std::string> sources{"CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4"};
const std::vector<std::string> formats{"BYTE", "WORD"};
constexpr std::size_t word_format = 1;
const std::vector<std::string> byte_orders{"MSBFirst", "LSBFirst"};
const std::vector<std::string> points_modes{"NORMal", "RAW", "MAXimum"};
const std::vector<std::string> couplings{"DC"};
const std::vector<std::string> channel_units{"VOLT"};

std::string number_text(double value) {
    return fmt::format("{:+.8E}", value);
}

constexpr ReplyStyle style{.number = number_text};

std::string count_text(std::size_t value) {
    return fmt::format("+{}", value);
}

} // namespace

KeysightInfiniivision::KeysightInfiniivision(const std::string& serial, Loop& loop,
                                             const Site& site, DigitiserNature nature)
    : Digitiser(fmt::format("KEYSIGHT TECHNOLOGIES,MSO-X 3024T,{},07.50.2021102830", serial),
                ErrorQueue::Sign::always, loop, site, nature) {
    add_run_commands();
    add_timebase_commands();
    add_channel_commands();
    add_trigger_commands();
    add_waveform_commands();
    reset();
}

void KeysightInfiniivision::reset() {
    stop();
    constexpr double range_at_start = 40.0;
    constexpr double probe_at_start = 10.0;
    settings() = {};
    for (Channel& channel : settings().channel) {
        channel.range = range_at_start;
        channel.probe = probe_at_start;
    }
    settings().channel[0].shown = true;
    own_ = {};
    place_window();
}

void KeysightInfiniivision::add_run_commands() {
    table().command(":STOP", {}, [this](Call&) { stop(); });
    table().command(":SINGle", {}, [this](Call&) { arm(true); });
    table().command(":DIGitize", {0, channels}, [this](Call&) { arm(true); });
    table().command(":RUN", {}, [this](Call&) { arm(false); });
    table().query(":AER", [this](Call& call) { call.reply(take_armed_event() ? "+1" : "+0"); });
    table().query(":TER", [this](Call& call) { call.reply(take_trigger_event() ? "+1" : "+0"); });
    table().query(":OPERegister:CONDition", [this](Call& call) {
        unsigned bits = state() == State::stopped ? 0U : running;
        bits |= state() == State::waiting ? waits : 0U;
        call.reply(fmt::format("+{}", bits));
    });
    add_choice(table(), ":ACQuire:TYPE", own_.type, types);
    table().query(":ACQuire:POINts", [this](Call& call) { call.reply(count_text(own_.points)); });
    table().query(":ACQuire:SRATe", [this](Call& call) {
        call.reply(number_text(static_cast<double>(own_.points) / own_.range));
    });
}

void KeysightInfiniivision::add_timebase_commands() {
    add_choice(table(), ":TIMebase:MODE", own_.timebase_mode, timebase_modes);
    const auto time = [this](std::string_view pattern, auto set, auto get, NumberRange range) {
        table().command(pattern, {1, 1}, [this, set, range](Call& call) {
            set(call.number(0, range));
            place_window();
        });
        table().query(pattern, [get](Call& call) { call.reply(number_text(get())); });
    };
    constexpr double screen = 10.0; // divisions
    time(
        ":TIMebase:RANGe", [this](double seconds) { own_.range = seconds; },
        [this] { return own_.range; }, time_ranges);
    time(
        ":TIMebase:SCALe", [this](double seconds) { own_.range = screen * seconds; },
        [this] { return own_.range / screen; },
        {time_ranges.least / screen, time_ranges.most / screen});
    time(
        ":TIMebase:POSition", [this](double seconds) { own_.position = seconds; },
        [this] { return own_.position; }, positions);
    constexpr std::string_view reference = ":TIMebase:REFerence";
    table().command(reference, {1, 1}, [this](Call& call) {
        own_.reference = call.choice(0, references);
        place_window();
    });
    table().query(reference,
                  [this](Call& call) { call.reply(short_form_of(references[own_.reference])); });
}

void KeysightInfiniivision::place_window() {
    const double before = static_cast<double>(own_.reference) / 2; // of the range
    settings().window = {own_.position - before * own_.range, own_.range};
}

void KeysightInfiniivision::add_channel_number(std::string_view pattern, double Channel::* member,
                                               NumberRange range) {
    table().command(pattern, {1, 1}, [this, member, range](Call& call) {
        Channel& channel = settings().channel[call.suffix() - 1];
        channel.*member = call.number(0, {range.least * channel.probe, range.most * channel.probe});
    });
    table().query(pattern, [this, member](Call& call) {
        call.reply(number_text(settings().channel[call.suffix() - 1].*member));
    });
}

void KeysightInfiniivision::add_channel_commands() {
    constexpr std::string_view display = ":CHANnel<1-4>:DISPlay";
    table().command(display, {1, 1}, [this](Call& call) {
        settings().channel[call.suffix() - 1].shown = call.boolean(0);
    });
    table().query(display, [this](Call& call) {
        call.reply(style.of(settings().channel[call.suffix() - 1].shown));
    });
    add_channel_number(":CHANnel<1-4>:RANGe", &Channel::range, ranges);
    add_channel_number(":CHANnel<1-4>:OFFSet", &Channel::offset, offsets);
    constexpr std::string_view scale = ":CHANnel<1-4>:SCALe";
    table().command(scale, {1, 1}, [this](Call& call) {
        Channel& channel = settings().channel[call.suffix() - 1];
        channel.range = divisions * call.number(0, {ranges.least * channel.probe / divisions,
                                                    ranges.most * channel.probe / divisions});
    });
    table().query(scale, [this](Call& call) {
        call.reply(number_text(settings().channel[call.suffix() - 1].range / divisions));
    });
    constexpr std::string_view probe = ":CHANnel<1-4>:PROBe";
    table().command(probe, {1, 1}, [this](Call& call) {
        set_probe(settings().channel[call.suffix() - 1], call.number(0, probes));
    });
    table().query(probe, [this](Call& call) {
        call.reply(number_text(settings().channel[call.suffix() - 1].probe));
    });
    const auto fixed = [this](std::string_view pattern, const std::vector<std::string>& only) {
        table().command(pattern, {1, 1},
                        [&only](Call& call) { static_cast<void>(call.choice(0, only)); });
        table().query(pattern, [&only](Call& call) { call.reply(short_form_of(only.front())); });
    };
    fixed(":CHANnel<1-4>:COUPling", couplings);
    fixed(":CHANnel<1-4>:UNITs", channel_units);
    constexpr std::string_view narrow = ":CHANnel<1-4>:BWLimit";
    table().command(narrow, {1, 1},
                    [this](Call& call) { own_.narrow[call.suffix() - 1] = call.boolean(0); });
    table().query(narrow,
                  [this](Call& call) { call.reply(style.of(own_.narrow[call.suffix() - 1])); });
}

/// What the screen shows goes with the probe.
void KeysightInfiniivision::set_probe(Channel& channel, double attenuation) {
    channel.range *= attenuation / channel.probe;
    channel.offset *= attenuation / channel.probe;
    channel.probe = attenuation;
}

void KeysightInfiniivision::add_trigger_commands() {
    add_choice(table(), ":TRIGger:MODE", own_.trigger_mode, trigger_modes);
    add_choice(table(), ":TRIGger:SWEep", own_.sweep, sweeps);
    constexpr std::string_view source = ":TRIGger[:EDGE]:SOURce";
    table().command(source, {1, 1}, [this](Call& call) {
        settings().trigger.source =
            call.is(0, "EXTernal") ? external : static_cast<unsigned>(call.choice(0, sources)) + 1;
    });
    table().query(source, [this](Call& call) {
        const unsigned number = settings().trigger.source;
        call.reply(number == external ? "EXT" : fmt::format("CHAN{}", number));
    });
    // A source may follow the level.
    table().command(":TRIGger[:EDGE]:LEVel", {1, 2},
                    [this](Call& call) { settings().trigger.level = call.number(0, levels); });
    table().query(":TRIGger[:EDGE]:LEVel",
                  [this](Call& call) { call.reply(number_text(settings().trigger.level)); },
                  {0, 1});
    add_choice(table(), ":TRIGger[:EDGE]:SLOPe", settings().trigger.slope, slopes);
}

void KeysightInfiniivision::add_waveform_commands() {
    add_choice(table(), ":WAVeform:SOURce", own_.source, sources);
    add_choice(table(), ":WAVeform:FORMat", own_.format, formats);
    add_choice(table(), ":WAVeform:BYTeorder", own_.byte_order, byte_orders);
    add_switch(table(), ":WAVeform:UNSigned", own_.is_unsigned, style);
    add_choice(table(), ":WAVeform:POINts:MODE", own_.points_mode, points_modes);
    constexpr std::string_view points = ":WAVeform:POINts";
    table().command(points, {1, 1},
                    [this](Call& call) { own_.points = call.whole(0, least_points, most_points); });
    table().query(points, [this](Call& call) { call.reply(count_text(own_.points)); });
    table().query(":WAVeform:PREamble", [this](Call& call) { call.reply(preamble()); });
    table().query(":WAVeform:DATA", [this](Call& call) { call.reply(data()); });
}

const Digitiser::Record& KeysightInfiniivision::readable() const {
    const Record& taken = record();
    if (!taken.settings.channel[own_.source].shown) {
        throw ScpiError(scpi_number::settings_conflict, "source is not displayed");
    }
    return taken;
}

std::string KeysightInfiniivision::preamble() const {
    const Record& taken = readable();
    const Channel& channel = taken.settings.channel[own_.source];
    const bool words = own_.format == word_format;
    const double codes =
        words ? converter_codes * word_per_code : converter_codes / (1U << converter_to_byte);
    return fmt::format(
        "+{},+0,+{},+1,{},{},+0,{},{},+{}", own_.format, own_.points,
        number_text(taken.settings.window.duration / static_cast<double>(own_.points)),
        number_text(taken.settings.window.start), number_text(channel.range / codes),
        number_text(channel.offset), own_.is_unsigned ? static_cast<int>(codes / 2) : 0);
}

std::uint32_t KeysightInfiniivision::code(std::size_t point, const Channel& channel) const {
    const double step = channel.range / converter_codes;
    const double lowest = channel.offset - channel.range / 2;
    const double volts = measured(static_cast<unsigned>(own_.source) + 1, point, own_.points);
    const double code = std::nearbyint((volts - lowest) / step);
    return static_cast<std::uint32_t>(std::clamp(code, 0.0, converter_codes - 1));
}

std::string KeysightInfiniivision::data() const {
    const Channel& channel = readable().settings.channel[own_.source];
    const bool words = own_.format == word_format;
    const std::size_t bytes = words ? 2 : 1;
    const std::uint32_t sign = own_.is_unsigned ? 0U : words ? 0x8000U : 0x80U;
    const auto order = own_.byte_order == 0 ? std::endian::big : std::endian::little;
    std::string block;
    block.reserve(bytes * own_.points);
    for (std::size_t i = 0; i < own_.points; ++i) {
        const std::uint32_t converted = code(i, channel);
        const std::uint32_t word =
            words ? converted << converter_to_byte : converted >> converter_to_byte;
        append_word(block, word ^ sign, bytes, order);
    }
    return as_block(block, block_digits);
}

} // namespace phyll::bench
