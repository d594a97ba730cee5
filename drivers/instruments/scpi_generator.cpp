#include "drivers/instruments/scpi_generator.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/instruments/dialect.pb.h"
#include "drivers/instruments/scpi_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <utility>

namespace phyll::instruments {
namespace {

/// 0 V is what every waveform begins and ends with, but for this share of the range: what is told
/// may correct what the output is off by.
constexpr double at_rest = 0.02;

class ScpiGenerator final : public ScpiSource<WaveformGenerator, v1::GeneratorDialect> {
  public:
    using ScpiSource::ScpiSource;

    [[nodiscard]] std::size_t most_points() const noexcept override { return most_points_; }
    void prepare(const GeneratorSetup& setup, const Patience& patience) override;
    void begin_upload(std::span<const double> waveform, const Patience& patience) override;
    void finish_upload(const Patience& patience) override;
    void trigger(const Patience& patience) override;

  private:
    [[nodiscard]] Words words() const;
    void set_up(const Patience& patience);
    void forget_unheard() noexcept override;
    void check(std::span<const double> waveform) const;
    void make_room(std::size_t points, const Patience& patience);
    [[nodiscard]] std::vector<std::byte> encoded(std::span<const double> waveform) const;
    void send(std::span<const double> waveform, const Patience& patience);

    GeneratorSetup setup_; ///< as which it is set up when it is ready
    bool unheard_ = false; ///< the answer to the last upload
    std::size_t used_points_ = 0;
    std::uint64_t waveforms_ = 0;
    std::string waveform_name_ = "PHYLL0";
    std::size_t waveform_points_ = 0;
    std::atomic<std::size_t> most_points_ = 0;
};

Words ScpiGenerator::words() const {
    return {{"rate", number(setup_.sample_rate)},
            {"low", number(setup_.low.value)},
            {"high", number(setup_.high.value)},
            {"peak", number(setup_.limits.peak.value)},
            {"minus_peak", number(-setup_.limits.peak.value)},
            {"points", std::to_string(waveform_points_)},
            {"name", waveform_name_}};
}

void ScpiGenerator::forget_unheard() noexcept {
    if (std::exchange(unheard_, false)) {
        session().doubt();
    }
}

void ScpiGenerator::prepare(const GeneratorSetup& setup, const Patience& patience) {
    forget_unheard();
    connect(patience);
    most_points_ = dialect().codes().most_points();
    if (setup.low.value > 0 || setup.high.value < 0 || setup.low >= setup.high) {
        throw invalid_field("range", fmt::format("{:g} to {:g} V; valid is one that holds 0 V",
                                                 setup.low.value, setup.high.value));
    }
    become(setup_, setup, [&] { set_up(patience); });
}

void ScpiGenerator::set_up(const Patience& patience) {
    const double span = setup_.high.value - setup_.low.value;
    switch_output(false, patience);
    tell_all(session(), dialect().forget(), words(), patience);
    used_points_ = 0;
    tell_all(session(), dialect().setup(), words(), patience);
    tell_all(session(), dialect().levels(), words(), patience);
    check_errors(patience);
    require_read_back(session(), dialect().read_back(), words(), {.absolute = 1e-3 * span},
                      patience);
}

void ScpiGenerator::check(std::span<const double> waveform) const {
    setup_.limits.check(waveform);
    const double rest = at_rest * (setup_.high.value - setup_.low.value);
    if (waveform.size() < dialect().codes().least_points() ||
        waveform.size() > dialect().codes().most_points()) {
        throw invalid_field("waveform", fmt::format("{} points; valid is {} to {}", waveform.size(),
                                                    dialect().codes().least_points(),
                                                    dialect().codes().most_points()));
    }
    if (std::abs(waveform.front()) > rest || std::abs(waveform.back()) > rest) {
        throw invalid_field("waveform", fmt::format("from {:g} V to {:g} V; valid is one that "
                                                    "begins and ends at 0 V",
                                                    waveform.front(), waveform.back()));
    }
    const auto [least, most] = std::ranges::minmax(waveform);
    if (least < setup_.low.value || most > setup_.high.value) {
        throw Error(Code::out_of_range,
                    fmt::format("the waveform goes from {:g} V to {:g} V; the generator was "
                                "prepared for {:g} V to {:g} V",
                                least, most, setup_.low.value, setup_.high.value));
    }
}

/// Waveforms are kept until there is no room for the next one.
void ScpiGenerator::make_room(std::size_t points, const Patience& patience) {
    if (dialect().forget_size() == 0) {
        return;
    }
    if (used_points_ + points > dialect().codes().most_points()) {
        switch_output(false, patience);
        tell_all(session(), dialect().forget(), words(), patience);
        used_points_ = 0;
    }
    used_points_ += points;
}

std::vector<std::byte> ScpiGenerator::encoded(std::span<const double> waveform) const {
    const v1::WaveformCodes& codes = dialect().codes();
    const double per_volt =
        (codes.highest() - codes.lowest()) / (setup_.high.value - setup_.low.value);
    const bool big = codes.byte_order() == "big";
    std::vector<std::byte> bytes(2 * waveform.size());
    for (std::size_t i = 0; i < waveform.size(); ++i) {
        const double place = (waveform[i] - setup_.low.value) * per_volt + codes.lowest();
        const auto code = static_cast<std::int32_t>(
            std::clamp(std::nearbyint(place), static_cast<double>(codes.lowest()),
                       static_cast<double>(codes.highest())));
        const auto low = static_cast<std::byte>(static_cast<std::uint32_t>(code) & 0xFFU);
        const auto high = static_cast<std::byte>((static_cast<std::uint32_t>(code) >> 8U) & 0xFFU);
        bytes[2 * i] = big ? high : low;
        bytes[2 * i + 1] = big ? low : high;
    }
    return bytes;
}

void ScpiGenerator::send(std::span<const double> waveform, const Patience& patience) {
    const std::size_t most =
        dialect().points_per_block() == 0 ? waveform.size() : dialect().points_per_block();
    while (waveform.size() > most) {
        session().tell_block(filled(dialect().upload_part(), words()),
                             encoded(waveform.first(most)), patience);
        waveform = waveform.subspan(most);
    }
    session().tell_block(filled(dialect().upload(), words()), encoded(waveform), patience);
}

void ScpiGenerator::begin_upload(std::span<const double> waveform, const Patience& patience) {
    require_ready();
    check(waveform);
    forget_unheard();
    make_room(waveform.size(), patience);
    waveform_name_ = fmt::format("PHYLL{}", ++waveforms_);
    waveform_points_ = waveform.size();
    send(waveform, patience);
    tell_all(session(), dialect().select(), words(), patience);
    unheard_ = true;
    session().tell(dialect().errors().query(), patience);
}

void ScpiGenerator::finish_upload(const Patience& patience) {
    require_ready();
    std::string first = session().hear(patience);
    unheard_ = false;
    check_errors(patience, std::move(first));
    if (status().output != "on") {
        switch_output(true, patience);
    }
}

void ScpiGenerator::trigger(const Patience& patience) {
    require_ready();
    session().tell(dialect().trigger(), patience);
}

} // namespace

std::unique_ptr<WaveformGenerator> make_scpi_generator(const InstrumentSettings& settings,
                                                       const std::filesystem::path& lock_dir,
                                                       const Clock& clock, ReadToml read) {
    return std::make_unique<ScpiGenerator>(settings, lock_dir, clock, std::move(read));
}

} // namespace phyll::instruments
