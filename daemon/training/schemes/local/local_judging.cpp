// How a LocalScheme judges samples, while it learns and in the end.
#include "daemon/training/schemes/local/local_scheme.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace phyll::training {

std::vector<float> LocalScheme::say(const LocalLayer& layer, ConstBlock z,
                                    std::span<const float> before) const {
    std::vector<float> goodness = layer.goodness(z);
    if (!before.empty()) {
        std::ranges::transform(goodness, before, goodness.begin(), std::plus<>());
    }
    return goodness;
}

double LocalScheme::judge(const Task& task, std::span<const std::uint32_t> samples,
                          std::span<const float> said) {
    const std::size_t classes = selection_.classes();
    for (std::size_t i = 0; i < samples.size(); ++i) {
        judged_.add(selection_.labels(task)[samples[i]], said.subspan(i * classes, classes));
    }
    return 0.0; // but for the goodness, which is counted with the layers
}

std::span<const float> LocalScheme::said_before(const Task& task) const {
    return task.layer == 0 ? std::span<const float>()
                           : std::span(progress_.flow[task.layer].front().said);
}

void LocalScheme::pass_on(const Task& task, std::optional<InFlight> made) {
    if (task.layer > 0) {
        std::vector<InFlight>& taken = progress_.flow[task.layer];
        taken.erase(taken.begin());
    }
    if (made) {
        progress_.flow[task.layer + 1].push_back(std::move(*made));
    }
}

// ---- While it learns

std::vector<float> LocalScheme::prior_goodness(const Work& work) const {
    std::vector<float> prior(work.columns.size() / selection_.showings() * selection_.classes());
    for (std::size_t i = 0; i < prior.size(); ++i) {
        prior[i] = progress_.prior_goodness[selection_.goodness_place(work.columns, i)];
    }
    return prior;
}

void LocalScheme::look_at_batch(const Work& work, ConstBlock features) {
    const Task& task = work.task;
    const LocalLayer& layer = network_.layer(task.layer).local();
    const bool judges = selection_.shows_all_labels(task.layer);
    const bool flows = !greedy() && !is_last(task.layer);
    OwnedBlock z = judges || flows ? layer.map(features) : OwnedBlock{};
    std::vector<float> said;
    if (judges) {
        said = greedy() ? say(layer, z.view(), prior_goodness(work))
                        : say(layer, z.view(), said_before(task));
        if (greedy() || is_last(task.layer)) {
            progress_.batch_label_hits.push_back(
                static_cast<float>(selection_.count_hits(task, work.columns, said)));
        }
    }
    if (!greedy()) {
        collect(work);
        pass_on(task, flows
                          ? std::optional(InFlight{
                                .part = task.part, .inputs = std::move(z), .said = std::move(said)})
                          : std::nullopt);
    }
}

// ---- Validation and evaluation

bool LocalScheme::flow_through(const Work& work, ConstBlock responses, StepReport& report) {
    const Task& task = work.task;
    const NetworkLayer& layer = network_.layer(task.layer);
    OwnedBlock z = layer.local().map(layer.features(work.inputs.view(), responses).view());
    std::vector<float> said = say(layer.local(), z.view(), said_before(task));
    const bool over = task.layer == task.deepest;
    if (over) {
        report.operations += judge(task, selection_.samples(work.columns), said);
    }
    pass_on(task, over ? std::nullopt
                       : std::optional(InFlight{
                             .part = task.part, .inputs = std::move(z), .said = std::move(said)}));
    return over;
}

StepReport LocalScheme::learn_validate(const Work& work, ConstBlock responses) {
    const Task& task = work.task;
    StepReport report;
    if (!flow_through(work, responses, report) || !task.last_part) {
        return report;
    }
    const auto hits = static_cast<float>(judged_.hits());
    judged_.clear();
    if (task.at_start) {
        progress_.validation.hits_before = hits;
        return report;
    }
    note_validation(hits);
    report.epoch = report_epoch(task);
    report.epoch->validation_accuracy =
        static_cast<double>(hits) / static_cast<double>(validation_scores_.samples());
    return report;
}

void LocalScheme::note_validation(float hits) {
    ValidationProgress& validation = progress_.validation;
    const std::size_t patience = settings_.validation.patience;
    if (patience == 0) {
        return;
    }
    if (hits > validation.best_hits) {
        validation.best_hits = hits;
        validation.since_best = 0.0F;
        validation.best.clear();
        network_.save(validation.best);
        return;
    }
    validation.since_best += 1.0F;
    if (validation.since_best >= static_cast<float>(patience)) {
        validation.stopped = true;
        go_back_to_best();
    }
}

void LocalScheme::go_back_to_best() {
    const std::vector<NamedArray> best = std::exchange(progress_.validation.best, {});
    if (!best.empty()) {
        network_.restore(ArrayReader(best));
    }
}

StepReport LocalScheme::learn_evaluate(const Work& work, ConstBlock responses) {
    const Task& task = work.task;
    if (task.layer == 0) {
        // Training is over; what only it needs is not carried further.
        progress_.inputs = {};
        progress_.prior_goodness = {};
    }
    StepReport report;
    if (flow_through(work, responses, report) && task.last_part) {
        (task.on_test ? report.test_accuracy : report.train_accuracy) = judged_.accuracy();
        if (task.on_test) {
            report.test_judgement = judged_.judgement();
        }
        judged_.clear();
    }
    return report;
}

} // namespace phyll::training
