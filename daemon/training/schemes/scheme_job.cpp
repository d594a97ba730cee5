#include "daemon/training/schemes/scheme_job.hpp"

namespace phyll::training {

FeatureScaling fit_scaling(const SchemeJob& job) {
    const bool direct =
        job.spec.layers_size() > 0 && job.spec.layers(0).encoding().kind() == "direct";
    return direct ? FeatureScaling::none(job.data.features())
                  : FeatureScaling::fit(job.data.inputs, job.split.training);
}

} // namespace phyll::training
