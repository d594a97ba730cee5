#include "daemon/training/schemes/scheme_job.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace phyll::training {

FeatureScaling fit_scaling(const SchemeJob& job) {
    const bool direct =
        job.spec.layers_size() > 0 && job.spec.layers(0).encoding().kind() == "direct";
    return direct ? FeatureScaling::none(job.data.features())
                  : FeatureScaling::fit(job.data.inputs, job.split.training);
}

void refuse_validation(const SchemeJob& job, const char* why) {
    const phyll::v1::EvaluationSpec& spec = job.spec.evaluation();
    const auto refuse = [&](const char* field, std::uint32_t value) {
        if (value != 0) {
            throw invalid_field(field, fmt::format("{}; {}: valid is 0", value, why));
        }
    };
    refuse("evaluation.every", spec.every());
    refuse("evaluation.patience", spec.patience());
}

} // namespace phyll::training
