#pragma once

#include "sim/bench/microwave/vna.hpp"
#include "sim/bench/scpi/settings.hpp"

#include <bit>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace phyll::bench {

/// What the languages of Rohde & Schwarz and of Keysight say alike: channel 1, its traces, the
/// formats of data, the questionable status.
class ScpiVna : public Vna {
  protected:
    /// A trace: its name, and what it measures ("S21").
    using Traces = std::vector<std::pair<std::string, std::string>>;

    /// Where the languages differ.
    struct Manner {
        ReplyStyle style;
        std::endian order; ///< of bytes, after a preset
        std::string trace; ///< that there is after a preset
    };

    ScpiVna(std::string identity, ErrorQueue::Sign sign, const VnaSite& site,
            const VnaLimits& limits, const VnaSettings& settings, const std::string& file,
            Manner manner);

    [[nodiscard]] const ReplyStyle& style() const noexcept { return manner_.style; }
    void preset_language() override;
    /// Whether an overloaded receiver shows in the status register.
    [[nodiscard]] virtual bool overload_has_bit() const = 0;
    void recall_setup(const std::string& name);

    /// A command that sets a number within `range`, or MINimum or MAXimum, and its query.
    template <class Set, class Get>
    void add_setting(std::string_view pattern, NumberRange range, Set set, Get get) {
        table().command(pattern, {1, 1}, [set, range](Call& call) { set(call.number(0, range)); });
        table().query(pattern,
                      [this, get, range](Call& call) {
                          call.reply(
                              style().number(call.count() > 0 ? call.number(0, range) : get()));
                      },
                      {0, 1});
    }
    template <class Set, class Get>
    void add_count(std::string_view pattern, std::size_t least, std::size_t most, Set set,
                   Get get) {
        table().command(pattern, {1, 1},
                        [set, least, most](Call& call) { set(call.whole(0, least, most)); });
        table().query(
            pattern,
            [get, least, most](Call& call) {
                call.reply(std::to_string(call.count() > 0 ? call.whole(0, least, most) : get()));
            },
            {0, 1});
    }
    template <class Set, class Get>
    void add_toggle(std::string_view pattern, Set set, Get get) {
        table().command(pattern, {1, 1}, [set](Call& call) { set(call.boolean(0)); });
        table().query(pattern, [this, get](Call& call) { call.reply(style().of(get())); });
    }

    /// Adds a trace, or lets one of that name measure something else. Throws -224.
    void define_trace(const std::string& name, const std::string& parameter);
    [[nodiscard]] bool has_trace(const std::string& name) const;
    void select_trace(const std::string& name);
    void delete_trace(const std::string& name);
    void delete_traces();
    [[nodiscard]] const std::string& selected_trace() const noexcept { return selected_; }
    /// "Trc1,S11,phyll,S21", empty when there is none.
    [[nodiscard]] std::string catalogue() const;

  private:
    void add_stimulus_commands();
    void add_channel_commands();
    void add_data_commands();
    void add_status_commands();
    void answer_data(Call& call);
    void reply_numbers(Call& call, const std::vector<double>& numbers) const;
    [[nodiscard]] std::vector<double> formatted(const std::vector<std::complex<double>>& s) const;

    Manner manner_;
    Traces traces_;
    std::string selected_;
    std::size_t format_ = 0; ///< of data: ASCII, REAL,32, REAL,64
    std::endian order_;
    std::size_t display_ = 0; ///< of FDATa
};

} // namespace phyll::bench
