#include "daemon/runs/response_table.hpp"

namespace phyll::runs {

ResponseTable::ResponseTable(std::size_t outputs, std::size_t training_samples,
                             std::size_t test_samples)
    : training_(empty(outputs, training_samples)), test_(empty(outputs, test_samples)) {}

ResponseTable::Half ResponseTable::empty(std::size_t outputs, std::size_t samples) {
    return {OwnedBlock(outputs, samples), std::vector<bool>(samples), samples};
}

void ResponseTable::add(const training::Plan& plan, ConstBlock responses) {
    if (plan.layer != 0 || plan.samples.empty()) {
        return;
    }
    Half& half = plan.on_test ? test_ : training_;
    const std::size_t labels = responses.samples() / plan.samples.size();
    for (std::size_t i = 0; i < plan.samples.size(); ++i) {
        const std::size_t sample = plan.samples[i];
        half.missing -= half.seen[sample] ? 0 : 1;
        half.seen[sample] = true;
        const std::span<float> mean = half.means.sample(sample);
        for (std::size_t k = 0; k < mean.size(); ++k) {
            double sum = 0.0;
            for (std::size_t label = 0; label < labels; ++label) {
                sum += static_cast<double>(responses.sample(i * labels + label)[k]);
            }
            mean[k] = static_cast<float>(sum / static_cast<double>(labels));
        }
    }
}

bool ResponseTable::complete() const noexcept {
    return training_.missing == 0 && test_.missing == 0;
}

} // namespace phyll::runs
