#include "run_view.hpp"

#include "accounts.hpp"
#include "conditions.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <vector>

namespace phyll::cli {
namespace {

using namespace std::chrono_literals;

/// Plain lines of a long run come no closer than this, but for the last epoch of each layer.
constexpr auto line_interval = 1s;
constexpr int bar_width = 24;

/// "2 layers: physics only, physics with skip path"
std::string network_of(const v1::RunSpec& spec) {
    std::vector<std::string> layers;
    for (const v1::LayerConfig& layer : spec.layers()) {
        layers.emplace_back(!layer.physics() ? "without physics"
                            : layer.skip()   ? "physics with skip path"
                                             : "physics only");
    }
    return fmt::format("{} layer{}: {}", layers.size(), layers.size() == 1 ? "" : "s",
                       fmt::join(layers, ", "));
}

std::string in_words(const v1::EraEnded& era) {
    return fmt::format("era {} of rig '{}', before its measurement {}: {}", era.era(), era.rig(),
                       era.number(), era.why());
}

std::string accuracy(const v1::EpochMetrics& epoch) {
    return epoch.has_train_accuracy() ? "train " + percent(epoch.train_accuracy())
                                      : "pairs " + percent(epoch.pair_accuracy());
}

} // namespace

bool is_final(v1::RunState state) {
    return state == v1::SUCCEEDED || state == v1::FAILED || state == v1::RUN_CANCELLED;
}

namespace {

Journals journals_of(const v1::RunReply& run) {
    return {.reuse_from = run.spec().training().reuse_from(), .replay_of = run.info().replay_of()};
}

/// What the headline is to be held against: it stands first, for the eye.
void print_controls(std::ostream& out, const v1::RunResult& result) {
    if (result.controls().empty()) {
        return; // of a run that an older phylld trained
    }
    Table table({"BESIDE IT", "TEST", "TRAIN", "QUERIES"});
    table.add({"this run", percent(result.test_accuracy()), percent(result.train_accuracy()),
               count(result.training_queries() + result.evaluation_queries())});
    std::string reasons;
    for (const v1::Control& control : result.controls()) {
        const std::string name = control_name(control.kind());
        if (control.has_test_accuracy()) {
            table.add({name, percent(control.test_accuracy()), percent(control.train_accuracy()),
                       count(control.training_queries() + control.evaluation_queries())});
        } else {
            table.add({name, "not measured", "-", "-"});
            reasons += fmt::format("  {}: {}\n", name, control.reason());
        }
    }
    table.print(out, "  ");
    out << reasons;
}

void print_training(std::ostream& out, const v1::RunReply& run) {
    const v1::RunResult& result = run.info().result();
    const double error = std::sqrt(result.test_accuracy() * (1 - result.test_accuracy()) /
                                   std::max(1U, result.test_samples()));
    const auto line = [&](std::string_view name, const std::string& value) {
        out << fmt::format("  {:<16} {}\n", name, value);
    };
    line("test accuracy",
         fmt::format("{} of {} samples (standard error {})", percent(result.test_accuracy()),
                     count(result.test_samples()), percent(error)));
    line("train accuracy", fmt::format("{} of {} samples", percent(result.train_accuracy()),
                                       count(result.train_samples())));
    line("network", network_of(run.spec()));
}

std::string in_words(const v1::LoggedMetrics& logged) {
    std::string out = fmt::format("step {}", logged.step());
    for (const auto& [name, value] : std::map(logged.metrics().begin(), logged.metrics().end())) {
        out += fmt::format("  {} {:g}", name, value);
    }
    return out;
}

} // namespace

void print_result(std::ostream& out, const v1::RunReply& run) {
    const v1::RunInfo& info = run.info();
    const v1::RunResult& result = info.result();
    const auto line = [&](std::string_view name, const std::string& value) {
        out << fmt::format("  {:<16} {}\n", name, value);
    };
    if (info.kind() == v1::TRAINING) {
        print_training(out, run);
    } else {
        line("kind", name_of(info.kind()));
    }
    for (const auto& [name, value] : std::map(info.metrics().begin(), info.metrics().end())) {
        line("metric", fmt::format("{} = {:g}", name, value));
    }
    print_totals(out, result);
    line("evidence", name_of(result.evidence()));
    const bool of_instruments =
        result.evidence() == v1::HARDWARE || result.evidence() == v1::VIRTUAL_INSTRUMENTS;
    for (const std::string& recording : result.evidence_of()) {
        line(of_instruments ? "instruments" : "recording", recording);
    }
    line("seed", std::to_string(info.seed()));
    if (!result.weights_sha256().empty()) {
        line("weights", "sha256 " + result.weights_sha256());
    }
    line("numerics", fmt::format("{} on {}", result.kernel_level(), result.cpu_model()));
    line("folder", info.folder());
    if (result.sentinel_queries() > 0) {
        line("sentinels", count(result.sentinel_queries()) + " queries beside those");
    }
    for (const v1::EraEnded& era : result.eras()) {
        line("era ended", in_words(era));
    }
    for (const std::string& remark : result.remarks()) {
        line("remark", remark);
    }
    print_layers(out, result, journals_of(run));
    print_controls(out, result);
}

void print_progress(std::ostream& out, const v1::RunReply& run) {
    const v1::Progress& progress = run.progress();
    std::string where = progress.stage();
    if (progress.epochs() > 0 && progress.stage().starts_with("training")) {
        where += fmt::format(", epoch {} of {}", progress.epoch(), progress.epochs());
    }
    out << fmt::format("  {:<16} {}\n", "at", where);
    print_totals(out, progress.so_far());
    print_layers(out, progress.so_far(), journals_of(run));
}

void RunView::show(const v1::WatchItem& item) {
    if (item.has_snapshot()) {
        run_ = item.snapshot().run();
        if (style_ == Style::json) {
            out_ << to_json(item.snapshot(), "snapshot").dump() << std::endl;
        }
    } else if (item.has_event()) {
        last_event_ = item.event().number();
        show_event(item.event());
    } else if (item.has_progress()) {
        show_progress(item.progress());
    }
}

void RunView::finish(const v1::RunReply& run) {
    const v1::RunInfo& info = run.info();
    clear_bar();
    if (style_ == Style::json) {
        out_ << to_json(info, "finished").dump() << std::endl;
        return;
    }
    const bool ran = info.started() > 0;
    out_ << fmt::format("run {} {}{}{}{}\n", info.run(), name_of(info.state()),
                        ran ? " after " + duration(info.finished() - info.started()) : "",
                        info.reason().empty() ? "" : ": ", info.reason());
    if (info.has_result()) {
        print_result(out_, run);
    }
    out_ << std::flush;
}

void RunView::show_event(const v1::Event& event) {
    if (style_ == Style::json) {
        out_ << to_json(event, run_).dump() << std::endl;
    } else if (event.has_epoch()) {
        show_epoch(event.epoch());
    } else if (event.has_state() && !is_final(event.state().state())) { // the end: `finish`
        const std::string& reason = event.state().reason();
        say(fmt::format("run {} is {}{}{}", run_, name_of(event.state().state()),
                        reason.empty() ? "" : ": ", reason));
    } else if (event.has_notice()) {
        say(fmt::format("run {}: {}", run_, event.notice()));
    } else if (event.has_rewound()) {
        say(fmt::format("run {} goes back to step {}: {} epoch{} happen again", run_,
                        event.rewound().step(), event.rewound().epochs(),
                        event.rewound().epochs() == 1 ? "" : "s"));
    } else if (event.has_metrics()) {
        say(in_words(event.metrics()));
    } else if (event.has_era()) {
        say(fmt::format("run {}: {}", run_, in_words(event.era())));
    }
}

void RunView::show_epoch(const v1::EpochMetrics& epoch) {
    loss_ = epoch.loss();
    const auto now = std::chrono::steady_clock::now();
    const bool last = epoch.epoch() == epoch.epochs();
    const bool due = !last_line_ || now - *last_line_ >= line_interval;
    if (style_ == Style::bar ? !last : !last && !due) {
        return;
    }
    last_line_ = now;
    const std::string left =
        seconds_left_ && !last ? ", " + duration(*seconds_left_) + " left" : "";
    say(fmt::format("layer {}/{}  epoch {:>4}/{}  loss {:.4f}  {}  {} queries{}", epoch.layer(),
                    epoch.layers(), epoch.epoch(), epoch.epochs(), epoch.loss(), accuracy(epoch),
                    count(epoch.training_queries() + epoch.evaluation_queries()), left));
}

void RunView::show_progress(const v1::Progress& progress) {
    seconds_left_ =
        progress.seconds_left() < 0 ? std::nullopt : std::optional(progress.seconds_left());
    if (style_ == Style::json) {
        out_ << to_json(progress, run_).dump() << std::endl;
    }
    if (style_ != Style::bar) {
        return;
    }
    const int filled = static_cast<int>(std::lround(progress.fraction() * bar_width));
    std::string bar(static_cast<std::size_t>(std::clamp(filled, 0, bar_width)), '#');
    bar.resize(bar_width, '.');
    const std::string detail =
        progress.stage().starts_with("training")
            ? fmt::format("  epoch {}/{}", progress.epoch(), progress.epochs())
            : "";
    const std::string loss = loss_ ? fmt::format("  loss {:.4f}", *loss_) : "";
    const std::string train =
        progress.has_train_accuracy() ? "  train " + percent(progress.train_accuracy()) : "";
    const std::string left =
        progress.seconds_left() < 0 ? "" : "  " + duration(progress.seconds_left()) + " left";
    const v1::RunResult& so_far = progress.so_far();
    const std::string waiting =
        so_far.active_seconds() > 0 ? "  waiting " + wait_share(so_far, so_far.wait_seconds()) : "";
    out_ << fmt::format("\r\x1b[K[{}] {}{}{}{}  {} queries{}{}", bar, progress.stage(), detail,
                        loss, train, count(progress.queries()), waiting, left)
         << std::flush;
    bar_shown_ = true;
}

void RunView::say(const std::string& text) {
    clear_bar();
    out_ << text << std::endl;
}

void RunView::clear_bar() {
    if (bar_shown_) {
        out_ << "\r\x1b[K";
        bar_shown_ = false;
    }
}

} // namespace phyll::cli
