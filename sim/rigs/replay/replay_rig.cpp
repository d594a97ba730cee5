#include "sim/rigs/replay/replay_rig.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "sim/rigs/replay/replay.pb.h"
#include "sim/rigs/replay/stimulus_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::sim {
namespace {

std::vector<unsigned> levels_of(const Recording& recording) {
    std::vector<unsigned> levels;
    std::ranges::transform(recording.inputs, std::back_inserter(levels), &DriveChannel::levels);
    return levels;
}

class ReplayRig final : public SimulatedRig {
  public:
    ReplayRig(Recording recording, const ReplayRules& rules)
        : recording_(std::move(recording)),
          rules_(rules),
          index_(std::as_const(recording_.stimuli).view(), levels_of(recording_)),
          spec_(spec_of(recording_)) {
        spec_.kind = "replay";
        spec_.evidence = Evidence::replay;
        spec_.closed_domain = !rules.nearest;
        if (rules.mean) {
            spec_.response_storage = {}; // means fit no integer
        }
        const std::size_t measurements = recording_.stimuli.samples();
        const std::size_t distinct = index_.distinct().size();
        spec_.notes.push_back(fmt::format("{} measurements of {} distinct stimuli{}", measurements,
                                          distinct, how_repeats_are_answered()));
        if (rules.nearest) {
            spec_.notes.emplace_back("stimuli that were not recorded are answered by the nearest "
                                     "one that was: those answers are no measurements of them");
        }
    }

    [[nodiscard]] const LayerSpec& spec() const override { return spec_; }

    void query(ConstBlock x, Block y, const QueryContext& context) override {
        Approximations found = approximations_;
        for (std::size_t i = 0; i < x.samples(); ++i) {
            if (context.stop.stop_requested()) {
                throw Error(Code::cancelled, "the query was stopped");
            }
            const std::uint64_t number = context.number + i;
            answer(place_of(x.sample(i), number, found), number, y.sample(i));
        }
        found.answers += x.samples();
        approximations_ = found;
    }

    [[nodiscard]] SafeState make_safe() noexcept override { return {}; }
    [[nodiscard]] Health health() const override {
        Health health;
        if (approximations_.count > 0) {
            health.reason = fmt::format(
                "{} of {} samples were answered by the nearest recorded stimulus, {:.2g} away in "
                "the mean and {:.2g} at most",
                approximations_.count, approximations_.answers,
                approximations_.distances / static_cast<double>(approximations_.count),
                approximations_.farthest);
        }
        return health;
    }
    void recover(const Deadline&, std::stop_token) override {}

    [[nodiscard]] std::size_t parameters() const override { return 0; }
    void displace(std::span<const double> offsets) override {
        if (!offsets.empty()) {
            throw invalid_field("offsets", "a recording has nothing that could be displaced");
        }
    }
    [[nodiscard]] Reach reach() const override { return {.smallest = 1.0, .largest = 1.0}; }

    /// Spread evenly over the recording; from the beginning again when there are too few.
    [[nodiscard]] OwnedBlock probe_stimuli(std::size_t count) const override {
        OwnedBlock x(spec_.n_in(), count);
        const std::size_t distinct = index_.distinct().size();
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t place = distinct < count ? i % distinct : i * distinct / count;
            std::ranges::copy(recording_.stimuli.sample(index_.distinct()[place].front()),
                              x.sample(i).begin());
        }
        return x;
    }

  private:
    /// Answers that are no measurements of what was asked.
    struct Approximations {
        std::uint64_t answers = 0; ///< of any kind
        std::uint64_t count = 0;
        double distances = 0.0; ///< their sum
        double farthest = 0.0;
    };

    [[nodiscard]] std::string how_repeats_are_answered() const {
        if (index_.distinct().size() == recording_.stimuli.samples()) {
            return "";
        }
        return rules_.mean ? "; repeated ones are answered by their mean"
                           : "; repeated ones are answered in order, by the sample's number";
    }

    std::size_t place_of(std::span<const float> drives, std::uint64_t number,
                         Approximations& found) const {
        if (const auto place = index_.find(drives)) {
            return *place;
        }
        const StimulusIndex::Nearest nearest = index_.nearest(drives);
        if (!rules_.nearest) {
            throw Error(Code::not_found,
                        fmt::format("the stimulus of sample {} was not recorded: the nearest one "
                                    "that was is {:.3g} away (Euclidean distance of the drives); a "
                                    "replay answers only what was measured, unless its options say "
                                    "lookup = \"nearest\"",
                                    number, nearest.distance));
        }
        ++found.count;
        found.distances += nearest.distance;
        found.farthest = std::max(found.farthest, nearest.distance);
        return nearest.place;
    }

    void answer(std::size_t place, std::uint64_t number, std::span<float> y) const {
        const std::vector<std::uint32_t>& measurements = index_.distinct()[place];
        if (!rules_.mean) {
            std::ranges::copy(
                recording_.responses.sample(measurements[number % measurements.size()]), y.begin());
            return;
        }
        for (std::size_t k = 0; k < y.size(); ++k) {
            double sum = 0.0;
            for (const std::uint32_t measurement : measurements) {
                sum += static_cast<double>(recording_.responses.sample(measurement)[k]);
            }
            y[k] = static_cast<float>(sum / static_cast<double>(measurements.size()));
        }
    }

    Recording recording_;
    ReplayRules rules_;
    StimulusIndex index_; ///< of the recording's stimuli
    LayerSpec spec_;
    Approximations approximations_;
};

bool chosen(const std::string& text, const char* option, const char* usual, const char* other) {
    if (text != usual && text != other) {
        throw invalid_field(option,
                            fmt::format("{}; valid is '{}', '{}'", in_quotes(text), usual, other));
    }
    return text == other;
}

std::unique_ptr<SimulatedRig> make(const google::protobuf::Message& message, const RigSite& site) {
    const auto& options = dynamic_cast<const v1::ReplayOptions&>(message);
    ReplayRules rules;
    if (options.has_lookup()) {
        rules.nearest = chosen(options.lookup(), "lookup", "exact", "nearest");
    }
    if (options.has_repeats()) {
        rules.mean = chosen(options.repeats(), "repeats", "order", "mean");
    }
    return make_replay(read_recording(options.recording(), site), rules);
}

} // namespace

std::unique_ptr<SimulatedRig> make_replay(Recording recording, const ReplayRules& rules) {
    return std::make_unique<ReplayRig>(std::move(recording), rules);
}

SimulatedRigKind replay_kind() {
    return {.name = "replay",
            .about = "a recording: answers what was measured with what was measured",
            .new_options = [] { return std::make_unique<v1::ReplayOptions>(); },
            .make = make};
}

} // namespace phyll::sim
