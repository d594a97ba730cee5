#include "daemon/runs/controls.hpp"

#include "daemon/rig/either_stop.hpp"
#include "daemon/runs/result_totals.hpp"
#include "daemon/training/feature_scaling.hpp"
#include "daemon/training/random_features.hpp"
#include "daemon/training/read_out.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace phyll::runs {
namespace {

using training::ReadOutKind;
using training::SampleRows;

bool has_physics(const v1::RunSpec& spec) {
    return std::ranges::any_of(spec.layers(), [](const auto& layer) { return layer.physics(); });
}

/// Passes on progress, as that of a control.
class ControlObserver final : public RunObserver {
  public:
    ControlObserver(std::string stage, const Measured& measured)
        : stage_(std::move(stage)), run_(measured.observer), result_(measured.result) {}

    void epoch(const v1::EpochMetrics&) override {}
    void checkpoint(Checkpoint, const std::vector<v1::EpochMetrics>&) override {}
    bool era(const v1::EraEnded& era, bool look) override { return run_.era(era, look); }
    void answered(const training::Plan&, ConstBlock) override {}
    void progress(const v1::Progress& progress) override {
        v1::Progress shown = progress;
        shown.set_stage(stage_);
        *shown.mutable_so_far() = costs_of(result_); // a control has an account of its own
        run_.progress(shown);
    }

  private:
    std::string stage_;
    RunObserver& run_;
    const v1::RunResult& result_;
};

/// A control makes no checkpoints, and finds its rigs as the run leaves them.
RunnerOptions control_options(const v1::RunSpec& spec, const std::vector<std::string>& rigs) {
    RunnerOptions options = runner_options(spec, rigs);
    options.checkpoints.reset();
    options.perturb.clear();
    options.holds = false; // a control that waited would be none of the run's any more
    options.max_eras = UINT64_MAX;
    return options;
}

class Controls {
  public:
    Controls(const Measured& measured, const std::stop_token& stop, const std::stop_token& pause)
        : m_(measured), stop_(stop), pause_(pause), either_(stop, pause) {}

    std::vector<v1::Control> all() {
        if (has_physics(m_.spec)) {
            add("without_physics", [&](v1::Control& control) { without_physics(control); });
            add("random_features", [&](v1::Control& control) { random_features(control); });
        }
        if (const auto spec = physics_only(m_.spec)) {
            add("physics_only", [&](v1::Control& control) { without_skip(*spec, control); });
        }
        add_read_out("ridge_inputs", ReadOutKind::ridge, false);
        add_read_out("softmax_inputs", ReadOutKind::softmax, false);
        if (m_.responses) {
            add_read_out("ridge_responses", ReadOutKind::ridge, true);
            add_read_out("softmax_responses", ReadOutKind::softmax, true);
        }
        return std::move(controls_);
    }

  private:
    void add(const char* kind, const std::function<void(v1::Control&)>& measure) {
        v1::Control control;
        control.set_kind(kind);
        try {
            measure(control);
        } catch (const Error& error) {
            if (ends().stop_requested()) {
                throw;
            }
            control.Clear();
            control.set_kind(kind);
            control.set_reason(error.what());
        }
        controls_.push_back(std::move(control));
    }

    /// Stopped or paused.
    [[nodiscard]] std::stop_token ends() const { return either_.token(); }

    void train(const v1::RunSpec& spec, const std::vector<std::string>& rigs, const Shapes& shapes,
               Measurer& measurer, const std::stop_token& stop, v1::Control& control) {
        std::string name = control.kind();
        std::ranges::replace(name, '_', ' ');
        ControlObserver observer("control " + name, m_);
        const std::unique_ptr<training::Scheme> scheme = make_scheme(spec, m_.job, shapes);
        RunnerOptions options = control_options(spec, rigs);
        options.prefetch = options.prefetch && &measurer == &m_.measurer; // or there is no rig
        const v1::RunResult result =
            Runner(*scheme, std::move(options), measurer, m_.clock, observer).run(stop, pause_);
        control.set_test_accuracy(result.test_accuracy());
        control.set_train_accuracy(result.train_accuracy());
        control.set_training_queries(result.training_queries());
        control.set_evaluation_queries(result.evaluation_queries());
    }

    void without_physics(v1::Control& control) {
        v1::RunSpec spec = m_.spec;
        for (v1::LayerConfig& layer : *spec.mutable_layers()) {
            layer.set_physics(false);
        }
        Measurer nothing({});
        train(spec, std::vector<std::string>(m_.job.rigs.size()), m_.job.shapes, nothing, ends(),
              control);
    }

    void random_features(v1::Control& control) {
        std::vector<std::unique_ptr<training::RandomFeatures>> features;
        Measurer digital({.seed = m_.spec.seed(), .reuse = m_.job.reuse, .bytes = m_.job.bytes});
        Shapes shapes(m_.job.shapes.size());
        for (const std::string& name : rigs_of(m_.spec)) {
            features.push_back(std::make_unique<training::RandomFeatures>(
                m_.measurer.spec(name), derive_key(m_.spec.seed(), name), m_.job.workers));
            digital.add_rig(name, *features.back(), 0);
            for (std::size_t l = 0; l < shapes.size(); ++l) {
                if (m_.job.rigs[l] == name) {
                    shapes[l] = training::shape_of(features.back()->spec());
                }
            }
        }
        train(m_.spec, m_.job.rigs, shapes, digital, ends(), control);
        control.clear_training_queries(); // nobody's hardware was asked
        control.clear_evaluation_queries();
    }

    void without_skip(const v1::RunSpec& spec, v1::Control& control) {
        if (!m_.spec.controls().physics_only()) {
            control.set_reason("not asked for, since it costs hardware time: --physics-only");
            return;
        }
        train(spec, m_.job.rigs, m_.job.shapes, m_.measurer, stop_, control);
    }

    void add_read_out(const char* kind, ReadOutKind which, bool responses) {
        add(kind, [&](v1::Control& control) {
            if (ends().stop_requested()) {
                throw Error(Code::cancelled, "the run was stopped");
            }
            responses ? read_responses(which, control) : read_inputs(which, control);
        });
    }

    void read_inputs(ReadOutKind kind, v1::Control& control) {
        const training::DataSet& data = m_.job.data.data;
        const training::Split& split = m_.job.data.split;
        const auto scaling = training::FeatureScaling::fit(data.inputs, split.training);
        const training::Scores inputs(data.inputs, scaling, split.training);
        const training::Scores test(data.inputs, scaling, split.test);
        read(kind, inputs.rows(), test.rows(), control);
    }

    void read_responses(ReadOutKind kind, v1::Control& control) {
        if (!m_.responses->complete()) {
            control.set_reason("the run did not measure every sample of both splits");
            return;
        }
        read(kind, m_.responses->training(), m_.responses->test(), control);
    }

    void read(ReadOutKind kind, const SampleRows& inputs, const SampleRows& test,
              v1::Control& control) {
        const training::SplitData& data = m_.job.data;
        std::vector<std::uint32_t> labels = labels_of(data.data, data.split.training);
        labels.resize(m_.job.scheme->labelled().value_or(labels.size()));
        const SampleRows known = inputs.slice(0, labels.size());
        if (kind == ReadOutKind::softmax) {
            control.set_reason(why_no_softmax(known.samples, known.channels));
            if (!control.reason().empty()) {
                return;
            }
        }
        const training::ReadOut read_out =
            training::fit_read_out(known, labels, data.data.classes(),
                                   {.kind = kind,
                                    .seed = m_.spec.seed(),
                                    .shown_as = data.split.shown_as,
                                    .workers = m_.job.workers,
                                    .stop = ends()});
        const auto share = [&](const SampleRows& features, std::span<const std::uint32_t> of) {
            return static_cast<double>(read_out.count_hits(features, of)) /
                   static_cast<double>(of.size());
        };
        control.set_train_accuracy(share(known, labels));
        control.set_test_accuracy(share(test, labels_of(data.data, data.split.test)));
    }

    const Measured& m_;
    std::stop_token stop_;
    std::stop_token pause_;
    rig::EitherStop either_;
    std::vector<v1::Control> controls_;
};

} // namespace

std::vector<v1::Control> measure_controls(const Measured& measured, const std::stop_token& stop,
                                          const std::stop_token& pause) {
    return Controls(measured, stop, pause).all();
}

std::string why_no_softmax(std::size_t samples, std::size_t features) {
    const std::size_t most = training::ReadOutSettings{}.most_held;
    if (samples * features <= most) {
        return "";
    }
    return fmt::format("{} samples of {} features are more than softmax is fitted to, which is {} "
                       "numbers; ridge is fitted to any",
                       with_thousands(samples), with_thousands(features), with_thousands(most));
}

std::optional<v1::RunSpec> physics_only(const v1::RunSpec& spec) {
    v1::RunSpec stripped = spec;
    bool differs = false;
    for (v1::LayerConfig& layer : *stripped.mutable_layers()) {
        differs = differs || (layer.physics() && layer.skip());
        layer.set_skip(false);
    }
    return differs ? std::optional(std::move(stripped)) : std::nullopt;
}

} // namespace phyll::runs
