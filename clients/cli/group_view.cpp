#include "group_view.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace phyll::cli {
namespace {

constexpr int bar_width = 24;

std::string settings_of(const v1::RunInfo& member) {
    return fmt::format("seed {}{}{}", member.seed(), member.overrides().empty() ? "" : ", ",
                       fmt::join(member.overrides(), ", "));
}

} // namespace

GroupView::GroupView(RunView::Style style, std::ostream& out, const v1::GroupReply& group)
    : style_(style), out_(out), group_(group.info().group()) {
    for (const v1::RunInfo& member : group.members()) {
        members_[member.run()].name = fmt::format("run {} ({})", member.run(), settings_of(member));
    }
}

void GroupView::show(const v1::GroupWatchItem& item) {
    if (item.has_snapshot()) {
        if (style_ == RunView::Style::json) {
            out_ << to_json(item.snapshot(), "snapshot").dump() << std::endl;
        }
    } else if (item.has_event()) {
        show_event(item.run(), item.event());
    } else if (item.has_progress()) {
        show_progress(item.run(), item.progress());
    }
}

void GroupView::show_event(std::uint64_t run, const v1::Event& event) {
    if (style_ == RunView::Style::json) {
        nlohmann::json line = to_json(event, run);
        line["group"] = group_;
        out_ << line.dump() << std::endl;
        return;
    }
    Member& member = members_[run];
    if (event.has_result()) {
        member.test = ", test " + percent(event.result().test_accuracy());
    } else if (event.has_notice()) {
        say(fmt::format("{}: {}", member.name, event.notice()));
    } else if (event.has_state() && is_final(event.state().state())) {
        const bool good = event.state().state() == v1::SUCCEEDED;
        ++(good ? succeeded_ : not_succeeded_);
        member.fraction = 1.0;
        const std::string& reason = event.state().reason();
        say(fmt::format("{} {}{}{}{}", member.name, name_of(event.state().state()), member.test,
                        reason.empty() ? "" : ": ", reason));
        draw_bar("");
    }
}

void GroupView::show_progress(std::uint64_t run, const v1::Progress& progress) {
    if (style_ == RunView::Style::json) {
        nlohmann::json line = to_json(progress, run);
        line["group"] = group_;
        out_ << line.dump() << std::endl;
        return;
    }
    // Each control of a member counts from nothing again; the bar goes forward only.
    double& fraction = members_[run].fraction;
    fraction = std::max(fraction, progress.fraction());
    draw_bar(fmt::format("  run {}: {}, epoch {}/{}", run, progress.stage(), progress.epoch(),
                         progress.epochs()));
}

void GroupView::finish(const v1::GroupReply& group) {
    clear_bar();
    if (style_ == RunView::Style::json) {
        out_ << to_json(group, "finished").dump() << std::endl;
    } else {
        print_group(out_, group);
        out_ << std::flush;
    }
}

void GroupView::draw_bar(const std::string& detail) {
    if (style_ != RunView::Style::bar || members_.empty()) {
        return;
    }
    double done = 0;
    for (const auto& [run, member] : members_) {
        done += member.fraction;
    }
    const double fraction = done / static_cast<double>(members_.size());
    const auto filled = std::clamp(std::lround(fraction * bar_width), 0L, long{bar_width});
    std::string bar(static_cast<std::size_t>(filled), '#');
    bar.resize(bar_width, '.');
    out_ << fmt::format(
                "\r\x1b[K[{}] {} of {} done{}{}", bar, succeeded_ + not_succeeded_, members_.size(),
                not_succeeded_ == 0 ? "" : fmt::format(", {} not well", not_succeeded_), detail)
         << std::flush;
    bar_shown_ = true;
}

void GroupView::say(const std::string& text) {
    clear_bar();
    out_ << text << std::endl;
}

void GroupView::clear_bar() {
    if (bar_shown_) {
        out_ << "\r\x1b[K";
        bar_shown_ = false;
    }
}

} // namespace phyll::cli
