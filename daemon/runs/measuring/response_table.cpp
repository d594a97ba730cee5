#include "daemon/runs/measuring/response_table.hpp"

#include <utility>

namespace phyll::runs {

ResponseTable::ResponseTable(std::size_t outputs, std::size_t training_samples,
                             std::size_t test_samples, const StorageFormat& format,
                             MakeByteStore bytes)
    : outputs_(outputs),
      format_(format),
      bytes_(std::move(bytes)),
      training_{std::nullopt, std::vector<bool>(training_samples), training_samples},
      test_{std::nullopt, std::vector<bool>(test_samples), test_samples} {}

SampleStore& ResponseTable::store(Half& half, std::size_t labels) const {
    if (!half.means) {
        half.means.emplace(labels == 1 ? format_ : StorageFormat{}, outputs_, make_bytes(bytes_));
        half.means->resize(half.seen.size());
    }
    return *half.means;
}

void ResponseTable::add(const training::Plan& plan, ConstBlock responses) {
    if (plan.layer != 0 || plan.samples.empty()) {
        return;
    }
    const ConstBlock answers(responses.data(), outputs_, responses.size() / outputs_);
    Half& half = plan.on_test ? test_ : training_;
    const std::size_t labels = answers.samples() / plan.samples.size();
    SampleStore& means = store(half, labels);
    std::vector<float> mean(outputs_);
    for (std::size_t i = 0; i < plan.samples.size(); ++i) {
        for (std::size_t k = 0; k < mean.size(); ++k) {
            double sum = 0.0;
            for (std::size_t label = 0; label < labels; ++label) {
                sum += static_cast<double>(answers.sample(i * labels + label)[k]);
            }
            mean[k] = static_cast<float>(sum / static_cast<double>(labels));
        }
        const std::size_t sample = plan.samples[i];
        means.write(sample, mean);
        half.missing -= half.seen[sample] ? 0 : 1;
        half.seen[sample] = true;
    }
}

bool ResponseTable::complete() const noexcept {
    return training_.missing == 0 && test_.missing == 0;
}

training::SampleRows ResponseTable::rows(const Half& half) {
    if (!half.means) {
        return {};
    }
    const SampleStore& means = *half.means;
    return {means.channels(), means.samples(),
            [&means](std::size_t sample, std::span<float> into) { means.read(sample, into); }};
}

} // namespace phyll::runs
