#pragma once

#include "run_view.hpp"

#include <phyll/v1/groups.pb.h>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace phyll::cli {

/// What a list says of a group, as one JSON object; "event" is `event`.
[[nodiscard]] nlohmann::json to_json(const v1::GroupInfo& info, const std::string& event);
/// The same with its variants, their controls and comparisons.
[[nodiscard]] nlohmann::json to_json(const v1::GroupReply& group, const std::string& event);

/// A group for people: its figures, and which members failed and why.
void print_group(std::ostream& out, const v1::GroupReply& group);

/// "7/1/10": members that succeeded, that failed or were cancelled, and all.
[[nodiscard]] std::string progress_of(const v1::GroupInfo& info);
/// "1.7 %", "+- 2.3 %", or "-" where there is none.
[[nodiscard]] std::string deviation_of(const v1::Estimate& estimate);
[[nodiscard]] std::string interval_of(const v1::Estimate& estimate);

/// Rounded to tenths of a per cent, with its sign: "+0.2 %", or "-" where there is none.
[[nodiscard]] std::string difference_of(const v1::Estimate& estimate);
/// How the interval of a mean was reached.
[[nodiscard]] std::string rule_words(v1::IntervalRule rule);

/// Shows a group that is watched: one progress bar on a terminal, a line for each member that ends
/// elsewhere, JSON when asked.
class GroupView {
  public:
    /// `group` is as it was when the watch began.
    GroupView(RunView::Style style, std::ostream& out, const v1::GroupReply& group);

    void show(const v1::GroupWatchItem& item);
    /// The last word; `group` is as it was left.
    void finish(const v1::GroupReply& group);

  private:
    struct Member {
        std::string name; ///< "run 7 (seed 3, training.epochs=5)"
        std::string test; ///< ", test 98.1 %" once there is a result
        double fraction = 0.0;
    };

    void show_event(std::uint64_t run, const v1::Event& event);
    void show_progress(std::uint64_t run, const v1::Progress& progress);
    void draw_bar(const std::string& detail);
    void say(const std::string& text);
    void clear_bar();

    RunView::Style style_;
    std::ostream& out_;
    std::uint64_t group_;
    std::map<std::uint64_t, Member> members_;
    std::size_t succeeded_ = 0;
    std::size_t not_succeeded_ = 0;
    bool bar_shown_ = false;
};

} // namespace phyll::cli
