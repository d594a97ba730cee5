#include "drivers/instruments/scpi_digitiser.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/instruments/dialect.pb.h"
#include "drivers/instruments/scpi_instrument.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace phyll::instruments {
namespace {

/// No record has more bytes.
constexpr std::size_t most_bytes = std::size_t{1} << 30U;

/// What an instrument says of a record before it.
struct Preamble {
    double points;
    double x_increment;
    double x_origin;
    double x_reference;
    double y_increment;
    double y_origin;
    double y_reference;
};

double rounded_up_to_125(double value) {
    const double decade = std::pow(10.0, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (value <= step * decade * (1 + 1e-9)) {
            return step * decade;
        }
    }
    return 10 * decade;
}

class ScpiDigitiser final : public ScpiInstrument<Digitiser, v1::DigitiserDialect> {
  public:
    using ScpiInstrument::ScpiInstrument;

    void prepare(const DigitiserSetup& setup, const Patience& patience) override;
    void arm(const Patience& patience) override;
    [[nodiscard]] bool await_record(Seconds within, const Patience& patience) override;
    [[nodiscard]] Record read(unsigned channel, const Patience& patience) override;
    [[nodiscard]] SafeState make_safe() noexcept override;

  private:
    /// What the instrument is set to record.
    struct Window {
        double duration; ///< s
        std::size_t points;
        std::string length; ///< the dialect's name of `points`
    };

    [[nodiscard]] Words words() const;
    [[nodiscard]] Words words(const DigitiserChannel& channel) const;
    [[nodiscard]] std::string trigger_source() const;
    [[nodiscard]] Window window() const;
    void set_up(const Patience& patience);
    [[nodiscard]] Preamble preamble(const Patience& patience);
    [[nodiscard]] double volts(const Preamble& preamble, unsigned code) const;
    void require_enough(const Record& record) const;
    /// A record that is not what it should be.
    [[nodiscard]] Error lost(const std::string& why) const {
        return {Code::data_loss, fmt::format("{}: {}", name(), why)};
    }

    DigitiserSetup setup_; ///< as which it is set up when it is ready
};

std::string ScpiDigitiser::trigger_source() const {
    if (setup_.trigger_channel != 0) {
        return filled(dialect().channel_trigger(),
                      {{"channel", std::to_string(setup_.trigger_channel)}});
    }
    if (dialect().external_trigger().empty()) {
        throw invalid_field("trigger_channel",
                            fmt::format("0; {} has no external trigger input, valid is the channel "
                                        "that sees the generator's output",
                                        name()));
    }
    return dialect().external_trigger();
}

ScpiDigitiser::Window ScpiDigitiser::window() const {
    const double divisions = dialect().time_divisions();
    double duration = static_cast<double>(setup_.points) / setup_.sample_rate;
    if (dialect().division_in_125()) {
        duration = divisions * rounded_up_to_125(duration / divisions);
    }
    // A few in a million are what rounding is off by.
    const double needed = std::ceil(duration * setup_.sample_rate * (1 - 1e-6));
    if (dialect().record_lengths_size() == 0) {
        const auto points = static_cast<std::size_t>(needed);
        return {.duration = duration, .points = points, .length = std::to_string(points)};
    }
    const v1::RecordLength* best = nullptr;
    for (const v1::RecordLength& length : dialect().record_lengths()) {
        if (length.points() >= needed && (best == nullptr || length.points() < best->points())) {
            best = &length;
        }
    }
    if (best == nullptr) {
        throw invalid_field("points",
                            fmt::format("{:g}; that is more than {} records", needed, name()));
    }
    return {.duration = duration, .points = best->points(), .length = best->name()};
}

Words ScpiDigitiser::words() const {
    const Window recorded = window();
    const double start = setup_.start.count();
    return {{"rate", number(setup_.sample_rate)},
            {"points", std::to_string(recorded.points)},
            {"length", recorded.length},
            {"start", number(start)},
            {"middle", number(start + recorded.duration / 2)},
            {"duration", number(recorded.duration)},
            {"division", number(recorded.duration / dialect().time_divisions())},
            {"trigger", trigger_source()},
            {"level", number(setup_.trigger_level.value)}};
}

Words ScpiDigitiser::words(const DigitiserChannel& channel) const {
    return {{"channel", std::to_string(channel.number)},
            {"range", number(channel.range.value)},
            {"span", number(2 * channel.range.value)},
            {"scale", number(2 * channel.range.value / dialect().divisions())}};
}

void ScpiDigitiser::prepare(const DigitiserSetup& setup, const Patience& patience) {
    connect(patience);
    become(setup_, setup, [&] { set_up(patience); });
}

void ScpiDigitiser::set_up(const Patience& patience) {
    const Words all = words();
    tell_all(session(), dialect().setup(), all, patience);
    for (const DigitiserChannel& channel : setup_.channels) {
        tell_all(session(), dialect().channel_setup(), words(channel), patience);
    }
    tell_all(session(), dialect().record_setup(), all, patience);
    check_errors(patience);
    require_read_back(session(), dialect().read_back(), all, {}, patience);
}

void ScpiDigitiser::arm(const Patience& patience) {
    require_ready();
    tell_all(session(), dialect().arm(), {}, patience);
    if (!await(session(), dialect().armed(), session().settings().timeout, patience)) {
        throw session().named(Error(
            Code::unavailable, fmt::format("it did not begin to wait for a trigger within {:g} s",
                                           session().settings().timeout.count())));
    }
}

bool ScpiDigitiser::await_record(Seconds within, const Patience& patience) {
    require_ready();
    return await(session(), dialect().done(), within, patience);
}

Preamble ScpiDigitiser::preamble(const Patience& patience) {
    const std::string answer = session().ask(dialect().preamble(), patience);
    std::array<double, 10> values{};
    std::string_view rest = answer;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t comma = rest.find(',');
        const bool is_last = i + 1 == values.size();
        const std::optional<double> value = number_in(rest.substr(0, comma));
        if (!value || is_last != (comma == std::string_view::npos)) {
            throw session().named(Error(
                Code::data_loss, fmt::format("its answer to {} is {}, which is no preamble of ten "
                                             "numbers",
                                             dialect().preamble(), in_quotes(answer))));
        }
        values[i] = *value;
        rest.remove_prefix(is_last ? 0 : comma + 1);
    }
    return {.points = values[2],
            .x_increment = values[4],
            .x_origin = values[5],
            .x_reference = values[6],
            .y_increment = values[7],
            .y_origin = values[8],
            .y_reference = values[9]};
}

double ScpiDigitiser::volts(const Preamble& preamble, unsigned code) const {
    if (dialect().scaling() == "origin_is_volts") {
        return (code - preamble.y_reference) * preamble.y_increment + preamble.y_origin;
    }
    return (code - preamble.y_origin - preamble.y_reference) * preamble.y_increment;
}

/// Instants of records are asked for and given in numbers of nine digits.
void ScpiDigitiser::require_enough(const Record& record) const {
    const double wanted = 1 / setup_.sample_rate;
    const double first = setup_.start.count();
    const double last = first + static_cast<double>(setup_.points - 1) * wanted;
    const double interval = record.interval.count();
    const double end =
        record.start.count() + static_cast<double>(record.volts.size() - 1) * interval;
    const double slack = 0.01 * wanted;
    if (interval > 1.001 * wanted || record.start.count() > first + slack || end < last - slack) {
        throw lost(fmt::format(
            "it recorded from {:g} s to {:g} s every {:g} s; {:g} s to {:g} s every {:g} s are "
            "needed",
            record.start.count(), end, interval, first, last, wanted));
    }
}

Record ScpiDigitiser::read(unsigned channel, const Patience& patience) {
    require_ready();
    const auto set = std::ranges::find(setup_.channels, channel, &DigitiserChannel::number);
    if (set == setup_.channels.end()) {
        throw invalid_field("channel", fmt::format("{} of {} is not recorded", channel, name()));
    }
    tell_all(session(), dialect().select(), words(*set), patience);
    const Preamble head = preamble(patience);
    const std::vector<std::byte> block =
        session().ask_block(dialect().data(), most_bytes, patience);
    const std::size_t width = dialect().code_bytes();
    if (block.empty() ||
        block.size() != width * static_cast<std::size_t>(std::max(0.0, head.points))) {
        throw lost(fmt::format("{} bytes came for the {} points of channel {}", block.size(),
                               head.points, channel));
    }
    Record record{.start = Seconds(head.x_origin - head.x_reference * head.x_increment),
                  .interval = Seconds(head.x_increment),
                  .volts = std::vector<double>(block.size() / width),
                  .resolution = 2 * set->range.value / std::exp2(dialect().bits()),
                  .range = set->range};
    const bool big = dialect().byte_order() == "big";
    for (std::size_t i = 0; i < record.volts.size(); ++i) {
        unsigned code = std::to_integer<unsigned>(block[width * i + (big || width == 1 ? 0 : 1)]);
        if (width == 2) {
            code = 256 * code + std::to_integer<unsigned>(block[2 * i + (big ? 1 : 0)]);
        }
        record.volts[i] = volts(head, code);
    }
    require_enough(record);
    return record;
}

/// It drives nothing. That it goes on to wait for a trigger harms nobody, but need not be.
SafeState ScpiDigitiser::make_safe() noexcept {
    set_ready(false);
    try {
        if (session().in_step()) {
            session().tell(dialect().stop(), session().own_patience());
        }
    } catch (...) { // NOLINT(bugprone-empty-catch): it cannot be reached, and drives nothing
    }
    return {};
}

} // namespace

std::unique_ptr<Digitiser> make_scpi_digitiser(const InstrumentSettings& settings,
                                               const std::filesystem::path& lock_dir,
                                               const Clock& clock, ReadToml read) {
    return std::make_unique<ScpiDigitiser>(settings, lock_dir, clock, std::move(read));
}

} // namespace phyll::instruments
