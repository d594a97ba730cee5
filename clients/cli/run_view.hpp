#pragma once

#include "output.hpp"

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <ostream>
#include <phyll/v1/runs.pb.h>
#include <string>

namespace phyll::cli {

/// A run's result, for people.
void print_result(std::ostream& out, const v1::RunReply& run);

/// Where a run is that is not over, and what it has cost so far, for people.
void print_progress(std::ostream& out, const v1::RunReply& run);

/// A run as one JSON object; "event" is `event`.
[[nodiscard]] nlohmann::json to_json(const v1::RunInfo& info, const std::string& event);

/// Something that happened to a run, as one JSON object.
[[nodiscard]] nlohmann::json to_json(const v1::Event& event, std::uint64_t run);

/// Where a run is right now, as one JSON object.
[[nodiscard]] nlohmann::json to_json(const v1::Progress& progress, std::uint64_t run);

[[nodiscard]] bool is_final(v1::RunState state);

/// Shows a run that is watched: a progress bar on a terminal, plain lines elsewhere, JSON when
/// asked.
class RunView {
  public:
    enum class Style { bar, lines, json };

    RunView(Style style, std::ostream& out) : style_(style), out_(out) {}

    void show(const v1::WatchItem& item);
    /// The last word; `run` is as it was left.
    void finish(const v1::RunReply& run);
    /// The number of the last event that was shown.
    [[nodiscard]] std::uint64_t last_event() const noexcept { return last_event_; }

  private:
    void show_event(const v1::Event& event);
    void show_epoch(const v1::EpochMetrics& epoch);
    void show_progress(const v1::Progress& progress);
    void say(const std::string& text);
    void clear_bar();

    Style style_;
    std::ostream& out_;
    std::uint64_t run_ = 0;
    std::uint64_t last_event_ = 0;
    bool bar_shown_ = false;
    std::optional<double> loss_;
    std::optional<double> seconds_left_;
    std::optional<std::chrono::steady_clock::time_point> last_line_;
};

} // namespace phyll::cli
