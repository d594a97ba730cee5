// What a LocalScheme stores, and how it takes it back.
#include "daemon/training/schemes/local/local_scheme.hpp"

#include "drivers/core/error.hpp"

#include <utility>

namespace phyll::training {

std::vector<float> LocalScheme::fingerprint() const {
    std::vector<float> facts;
    const auto add = [&](auto value) { facts.push_back(static_cast<float>(value)); };
    add(training_scores_.samples());
    add(test_scores_.samples());
    add(validation_scores_.samples());
    add(settings_.validation.every);
    add(settings_.validation.patience);
    for (const std::size_t epoch : settings_.validation.before) {
        add(epoch);
    }
    add(settings_.judged_samples);
    add(selection_.classes());
    add(settings_.schedule == Schedule::greedy);
    add(settings_.reuse);
    add(settings_.epochs);
    add(settings_.batch);
    add(settings_.inner_steps);
    add(settings_.learning_rate);
    add(settings_.cosine);
    add(settings_.warm_up);
    add(settings_.response_noise);
    add(settings_.theta);
    add(settings_.activation);
    add(settings_.response_scaling);
    add(settings_.seed);
    for (const LayerSettings& layer : settings_.layers) {
        add(layer.inputs);
        add(layer.width);
        add(layer.physics);
        add(layer.skip);
        add(layer.encoding.kind);
        add(layer.encoding.bits);
        add(layer.encoding.code);
        add(layer.encoding.phase_range);
        add(layer.permutations);
    }
    add_facts(facts);
    return facts;
}

std::vector<NamedArray> LocalScheme::network() const {
    std::vector<NamedArray> arrays;
    network_.save(arrays);
    save_more(arrays);
    return arrays;
}

std::vector<NamedArray> LocalScheme::state() const {
    std::vector<NamedArray> arrays = network();
    for (std::size_t l = 0; l < network_.depth(); ++l) {
        network_.layer(l).save_optimiser(arrays);
    }
    progress_.save(arrays);
    save_progress(arrays);
    arrays.push_back(judged_.save("progress/judged"));
    arrays.push_back(named_vector("job", fingerprint()));
    return arrays;
}

void LocalScheme::restore(std::span<const NamedArray> state) {
    const ArrayReader arrays(state);
    if (arrays.read_vector("job") != fingerprint()) {
        throw Error(Code::data_loss, "the stored state is that of another job: its data, layers or "
                                     "training settings differ");
    }
    // Into copies first: a state that does not fit leaves this scheme as it was.
    Network network = network_;
    Progress progress = progress_;
    JudgementCounter judged = judged_;
    network.restore(arrays);
    for (std::size_t l = 0; l < network.depth(); ++l) {
        network.layer(l).restore_optimiser(arrays);
    }
    std::vector<NamedArray> shapes;
    network.save(shapes);
    progress.restore(arrays, shapes);
    judged.restore(arrays, "progress/judged");
    restore_more(arrays);
    network_ = std::move(network);
    progress_ = std::move(progress);
    judged_ = std::move(judged);
}

} // namespace phyll::training
