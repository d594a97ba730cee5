#include "drivers/instruments/scpi_vna.hpp"

#include "drivers/core/bytes.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"
#include "drivers/core/text.hpp"
#include "drivers/instruments/dialect.pb.h"
#include "drivers/instruments/scpi_source.hpp"
#include "drivers/instruments/sweep_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

namespace phyll::instruments {
namespace {

/// No file of settings is larger.
constexpr std::size_t most_state_bytes = std::size_t{256} << 20U;
/// What a power that is read back may be off by, in dB, and nothing else may.
constexpr Slack power_slack{.absolute = 0.01, .relative = 0.0};
constexpr Slack sweep_slack{.absolute = 0.0, .relative = 1e-7};

class ScpiVna final : public ScpiSource<Vna, v1::VnaDialect> {
  public:
    using ScpiSource::ScpiSource;

    void prepare(const VnaSetup& setup, const Patience& patience) override;
    [[nodiscard]] std::vector<std::string> changed_settings(const Patience& patience) override;
    void choose(std::span<const SParameter> parameters, const Patience& patience) override;
    void begin_sweep(const Patience& patience) override;
    [[nodiscard]] bool await_sweep(Seconds within, const Patience& patience) override;
    [[nodiscard]] SweepValues read(SParameter parameter, const Patience& patience) override;
    void hush() noexcept override;
    [[nodiscard]] std::optional<RecalledState> recalled() const override {
        const std::lock_guard lock(mutex_);
        return recalled_;
    }

  private:
    [[nodiscard]] Words words() const;
    [[nodiscard]] Words words(SParameter parameter) const;
    void end_all(const Patience& patience) override {
        tell_all(session(), dialect().hold(), {}, patience);
    }
    void set_up(const Patience& patience);
    void recall(const Patience& patience);
    [[nodiscard]] bool must_be_corrected() const {
        return setup_.corrected || !setup_.state.empty();
    }
    void require_correction(const Patience& patience);
    void require_flag_down(const Patience& patience);
    void require_no_alarm(const Patience& patience);
    void note_recalled(std::optional<RecalledState> recalled) {
        const std::lock_guard lock(mutex_);
        recalled_ = std::move(recalled);
    }

    VnaSetup setup_; ///< as which it is set up when it is ready
    Pace pace_;      ///< of sweeps
    mutable std::mutex mutex_;
    std::optional<RecalledState> recalled_;
};

Words ScpiVna::words() const {
    return {{"start", number(setup_.start.value)},
            {"stop", number(setup_.stop.value)},
            {"points", std::to_string(setup_.points)},
            {"bandwidth", number(setup_.if_bandwidth.value)},
            {"power", number(setup_.power.value)},
            {"limit", number(setup_.most_power.value)},
            {"state", setup_.state}};
}

Words ScpiVna::words(SParameter parameter) const {
    Words words{{"parameter", std::string(name_of(parameter))}};
    words.emplace_back("name", filled(dialect().trace_name(), words));
    return words;
}

void require_possible(const VnaSetup& setup) {
    if (!(setup.start.value > 0 && setup.stop > setup.start && setup.points >= 2)) {
        throw invalid_field("sweep",
                            fmt::format("{} points from {:g} Hz to {:g} Hz; valid is two or "
                                        "more, from above 0 to a higher frequency",
                                        setup.points, setup.start.value, setup.stop.value));
    }
    if (setup.power > setup.most_power) {
        throw Error(Code::out_of_range,
                    fmt::format("a power of {:g} dBm is above the limit of {:g} dBm",
                                setup.power.value, setup.most_power.value));
    }
    if (setup.state.find_first_of("'\"\n{}") != std::string::npos) {
        throw invalid_field("instrument_state",
                            fmt::format("{}; valid is a file's name without quotes and braces",
                                        in_quotes(setup.state)));
    }
}

void ScpiVna::prepare(const VnaSetup& setup, const Patience& patience) {
    connect(patience);
    require_possible(setup);
    become(setup_, setup, [&] { set_up(patience); });
}

void ScpiVna::set_up(const Patience& patience) {
    pace_.at_least = Seconds(0);
    switch_output(false, patience);
    tell_all(session(), dialect().hold(), words(), patience);
    tell_all(session(), dialect().limit(), words(), patience);
    recall(patience);
    tell_all(session(), dialect().limit(), words(), patience); // a state may have one of its own
    tell_all(session(), dialect().setup(), words(), patience);
    tell_all(session(), dialect().sweep(), words(), patience);
    check_errors(patience);
    require_read_back(session(), dialect().limit_read_back(), words(), power_slack, patience);
    require_read_back(session(), dialect().power_read_back(), words(), power_slack, patience);
    require_read_back(session(), dialect().read_back(), words(), sweep_slack, patience);
    choose(std::array{SParameter::s21}, patience);
    require_correction(patience);
    if (!dialect().output_on().empty()) {
        switch_output(true, patience);
    }
}

/// What is recalled may switch the source on, with a power that nobody asked for.
void ScpiVna::recall(const Patience& patience) {
    note_recalled(std::nullopt);
    if (setup_.state.empty()) {
        return;
    }
    if (dialect().recall_size() == 0 && dialect().recalled_size() == 0) {
        throw invalid_field("instrument_state", fmt::format("{} recalls none", name()));
    }
    tell_all(session(), dialect().recall(), words(), patience);
    require_read_back(session(), dialect().recalled(), words(), {}, patience);
    switch_output(false, patience);
    tell_all(session(), dialect().hold(), words(), patience);
    check_errors(patience);
    RecalledState recalled{.name = setup_.state, .sha256 = {}};
    if (!dialect().state_data().empty()) {
        const std::vector<std::byte> bytes = session().ask_block(
            filled(dialect().state_data(), words()), most_state_bytes, patience);
        recalled.sha256 = to_hex(sha256_of(bytes));
    }
    note_recalled(std::move(recalled));
}

void ScpiVna::require_correction(const Patience& patience) {
    if (must_be_corrected() && !is_so(session(), dialect().corrected(), patience)) {
        throw session().named(
            Error(Code::failed_precondition,
                  setup_.state.empty()
                      ? "what it measures is not corrected; calibrate it, or set corrected = false"
                      : fmt::format(
                            "what it measures is not corrected, with the state {} recalled; was it "
                            "saved with its calibration, for these frequencies?",
                            in_quotes(setup_.state))));
    }
}

std::vector<std::string> ScpiVna::changed_settings(const Patience& patience) {
    connect(patience);
    std::vector<std::string> changed;
    if (!ready()) {
        return changed;
    }
    const auto look = [&](const v1::ReadBack& what, Slack slack) {
        if (auto wrong = difference(session(), what, words(), slack, patience)) {
            changed.push_back(fmt::format("{}: {}", name(), *wrong));
        }
    };
    look(dialect().power_read_back(), power_slack);
    for (const v1::ReadBack& what : dialect().limit_read_back()) {
        look(what, power_slack);
    }
    for (const v1::ReadBack& what : dialect().read_back()) {
        look(what, sweep_slack);
    }
    if (must_be_corrected() && !is_so(session(), dialect().corrected(), patience)) {
        changed.push_back(fmt::format("{}: its correction was switched off", name()));
    }
    if (!dialect().output_on().empty() &&
        is_off(session().ask(dialect().output_query(), patience))) {
        changed.push_back(fmt::format("{}: its source was switched off", name()));
    }
    if (!changed.empty()) {
        set_ready(false);
    }
    return changed;
}

void ScpiVna::choose(std::span<const SParameter> parameters, const Patience& patience) {
    const std::string there = session().ask(dialect().traces(), patience);
    for (const SParameter parameter : all_s_parameters) {
        const Words all = words(parameter);
        const bool is_there = there.find(filled("{name}", all)) != std::string::npos;
        const bool wanted = std::ranges::find(parameters, parameter) != parameters.end();
        if (wanted && !is_there) {
            tell_all(session(), dialect().define(), all, patience);
        } else if (!wanted && is_there) {
            tell_all(session(), dialect().drop(), all, patience);
        }
    }
    check_errors(patience);
    pace_.at_least = Seconds(0);
}

void ScpiVna::require_flag_down(const Patience& patience) {
    if (dialect().clear_size() == 0) {
        return;
    }
    const Deadline end = Deadline::after(session().clock(), session().settings().timeout);
    do {
        tell_all(session(), dialect().clear(), {}, patience);
        if (!is_so(session(), dialect().finished(), patience)) {
            return;
        }
    } while (!end.passed(session().clock()));
    throw session().named(Error(Code::unavailable, "it says of a sweep that was not begun yet that "
                                                   "it is finished"));
}

void ScpiVna::begin_sweep(const Patience& patience) {
    connect(patience); // of a new life it finds out here, before anything is begun
    require_ready();
    require_flag_down(patience);
    pace_.begun = session().clock().now();
    if (dialect().output_on().empty()) {
        note_output("on");
    }
    tell_all(session(), dialect().arm(), {}, patience);
}

bool ScpiVna::await_sweep(Seconds within, const Patience& patience) {
    require_ready();
    if (!await(session(), dialect().finished(), within, pace_, patience) ||
        !await(session(), dialect().idle(), within, patience)) {
        return false;
    }
    if (dialect().output_on().empty()) {
        note_output("off");
    }
    require_no_alarm(patience);
    return true;
}

void ScpiVna::hush() noexcept {
    set_ready(false);
    try {
        note_output("");
    } catch (...) { // NOLINT(bugprone-empty-catch): no memory for words
    }
    session().blurt(dialect().output_off());
}

void ScpiVna::require_no_alarm(const Patience& patience) {
    std::map<std::string, std::string> answers;
    for (const v1::Alarm& alarm : dialect().alarms()) {
        const std::string& query = alarm.condition().query();
        if (!answers.contains(query)) {
            answers[query] = session().ask(query, patience);
        }
        if (says_so(session(), alarm.condition(), answers[query])) {
            throw session().named(Error(Code::unavailable, alarm.means()));
        }
    }
    if (dialect().errors_after_sweep()) {
        check_errors(patience);
    }
}

SweepValues ScpiVna::read(SParameter parameter, const Patience& patience) {
    require_ready();
    const Words all = words(parameter);
    tell_all(session(), dialect().select(), all, patience);
    const std::string query = filled(dialect().data(), all);
    if (dialect().data_format() == "tuples") {
        return from_tuples(session().ask(query, patience), setup_);
    }
    const bool is_double = dialect().data_format() == "real64";
    const std::size_t most = 2 * setup_.points * (is_double ? sizeof(double) : sizeof(float));
    return from_block(session().ask_block(query, most, patience), is_double, setup_);
}

} // namespace

std::unique_ptr<Vna> make_scpi_vna(const InstrumentSettings& settings,
                                   const std::filesystem::path& lock_dir, const Clock& clock,
                                   ReadToml read) {
    return std::make_unique<ScpiVna>(settings, lock_dir, clock, std::move(read));
}

} // namespace phyll::instruments
