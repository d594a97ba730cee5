#include "daemon/runs/export/drift.hpp"

#include "daemon/runs/measuring/sentinel_watch.hpp"
#include "daemon/runs/sentinels/drift_test.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace phyll::runs {
namespace {

using journal::FactsView;
using journal::Mark;
using journal::MarkKind;
using nlohmann::json;

double seconds(Clock::Wall time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

const char* mark_name(MarkKind kind) {
    switch (kind) {
    case MarkKind::era_ended:
        return "era_ended";
    case MarkKind::touched:
        return "touched";
    case MarkKind::perturbed:
        return "perturbed";
    case MarkKind::changed:
        return "changed";
    case MarkKind::note:
        return "note";
    }
    return "note";
}

/// The rounds of one era, each against the mean of its first ones.
class Era {
  public:
    Era(const sentinels::DriftOptions& options, std::uint64_t number, std::size_t n_out)
        : number_(number), baseline_(options.baseline), test_(options, n_out) {}

    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

    /// Deviations of the rounds of which they are known now, in order.
    std::vector<std::optional<double>> add(const OwnedBlock& round) {
        if (test_.has_baseline()) {
            test_.add_round(round.view());
            return {deviation(round)};
        }
        test_.add_baseline(round.view());
        first_.push_back(round);
        if (!test_.has_baseline()) {
            return {};
        }
        learn_start();
        std::vector<std::optional<double>> known;
        for (const OwnedBlock& first : first_) {
            known.push_back(deviation(first));
        }
        return known;
    }

    /// By how much a round deviates from the era's first ones when nothing but noise moves it.
    [[nodiscard]] std::optional<double> noise() const {
        if (!test_.has_baseline() || start_.outputs.empty()) {
            return std::nullopt;
        }
        return test_.noise() * std::sqrt(1.0 + 1.0 / static_cast<double>(baseline_));
    }

  private:
    void learn_start() {
        start_ = sentinels::EraStart::of(first_);
        mean_.assign(start_.size(first_.front().samples()), 0.0);
        std::vector<double> scaled(mean_.size());
        for (const OwnedBlock& round : first_) {
            start_.scaled(round.view(), scaled);
            for (std::size_t i = 0; i < mean_.size(); ++i) {
                mean_[i] += scaled[i] / static_cast<double>(first_.size());
            }
        }
    }

    /// Nothing where no output tells the sentinels apart.
    [[nodiscard]] std::optional<double> deviation(const OwnedBlock& round) const {
        if (mean_.empty()) {
            return std::nullopt;
        }
        std::vector<double> scaled(mean_.size());
        start_.scaled(round.view(), scaled);
        double squares = 0;
        for (std::size_t i = 0; i < mean_.size(); ++i) {
            squares += (scaled[i] - mean_[i]) * (scaled[i] - mean_[i]);
        }
        return std::sqrt(squares / static_cast<double>(mean_.size()));
    }

    std::uint64_t number_;
    std::size_t baseline_;
    sentinels::DriftTest test_;
    std::vector<OwnedBlock> first_;
    sentinels::EraStart start_;
    std::vector<double> mean_; ///< of the first rounds, scaled
};

/// What the journal has of one rig, record by record.
class RigDrift {
  public:
    RigDrift(const v1::SentinelsSpec& spec, const journal::RigEntry& rig)
        : options_{.count = spec.count(),
                   .baseline = spec.baseline(),
                   .tolerance = spec.tolerance()},
          rig_(rig),
          round_(rig.n_out, spec.count()) {}

    void add(const FactsView& facts) {
        if (facts.purpose == journal::Purpose::sentinel) {
            for (std::uint32_t sample = 0; sample < facts.samples; ++sample) {
                add_sentinel(facts, sample);
            }
        } else if (facts.purpose == journal::Purpose::training ||
                   facts.purpose == journal::Purpose::evaluation) {
            next_number_ = std::max(next_number_, facts.first_number + facts.samples);
        }
    }

    void add(const Mark& mark) {
        if (mark.kind != MarkKind::note) {
            marks_.push_back({{"kind", mark_name(mark.kind)},
                              {"number", mark.number},
                              {"era", mark.era},
                              {"time", seconds(mark.time)},
                              {"value", mark.value},
                              {"why", mark.text}});
        }
    }

    [[nodiscard]] bool empty() const { return rounds_.empty(); }

    json take() {
        close_era();
        return {{"rig", rig_.name},
                {"rounds", std::move(rounds_)},
                {"noise", std::move(noise_)},
                {"marks", std::move(marks_)}};
    }

  private:
    /// Numbers that were measured twice count the first time, and looks after a fault, whose
    /// numbers are elsewhere, not at all.
    void add_sentinel(const FactsView& facts, std::uint32_t sample) {
        if (facts.first_number + sample != next_sentinel_) {
            return;
        }
        facts.read_response(sample, round_.view().sample(next_sentinel_ % options_.count));
        if (++next_sentinel_ % options_.count == 0) {
            add_round(facts, sample);
        }
    }

    void add_round(const FactsView& facts, std::uint32_t sample) {
        if (!era_ || era_->number() != facts.era) {
            close_era();
            era_.emplace(options_, facts.era, rig_.n_out);
        }
        const std::optional<journal::FactTime> time = facts.time(sample);
        rounds_.push_back({{"number", next_number_},
                           {"era", facts.era},
                           {"time", time ? json(seconds(time->end)) : json()},
                           {"deviation", nullptr}});
        const std::vector<std::optional<double>> known = era_->add(round_);
        for (std::size_t i = 0; i < known.size(); ++i) {
            if (known[i]) {
                rounds_[rounds_.size() - known.size() + i]["deviation"] = *known[i];
            }
        }
    }

    void close_era() {
        if (const std::optional<double> noise = era_ ? era_->noise() : std::nullopt) {
            noise_.push_back({{"era", era_->number()}, {"deviation", *noise}});
        }
        era_.reset();
    }

    sentinels::DriftOptions options_;
    const journal::RigEntry& rig_;
    OwnedBlock round_; ///< n_out x sentinels, as far as it has come
    std::optional<Era> era_;
    std::uint64_t next_number_ = 0; ///< of training and evaluation
    std::uint64_t next_sentinel_ = 0;
    json rounds_ = json::array();
    json noise_ = json::array();
    json marks_ = json::array();
};

} // namespace

json drift_of(const v1::SentinelsSpec& spec, const journal::Reader& reader) {
    json out{{"rigs", json::array()}};
    if (spec.count() == 0) { // a run that is a client's own
        return out;
    }
    std::vector<RigDrift> rigs;
    for (const journal::RigEntry& rig : reader.header().rigs) {
        rigs.emplace_back(spec, rig);
    }
    for (std::size_t i = 0; i < reader.size(); ++i) {
        const journal::RecordView record = reader.record(i);
        if (const auto* facts = std::get_if<FactsView>(&record)) {
            rigs[facts->rig].add(*facts);
        } else if (const auto* mark = std::get_if<Mark>(&record);
                   mark != nullptr && mark->rig != journal::no_rig) {
            rigs[mark->rig].add(*mark);
        }
    }
    for (RigDrift& rig : rigs) {
        if (!rig.empty()) {
            out["rigs"].push_back(rig.take());
        }
    }
    return out;
}

} // namespace phyll::runs
