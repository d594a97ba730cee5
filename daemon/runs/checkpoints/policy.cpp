#include "daemon/runs/checkpoints/policy.hpp"

namespace phyll::runs {

CheckpointPolicy::CheckpointPolicy(const v1::CheckpointsSpec& spec, const Clock& clock)
    : spec_(spec), clock_(clock), last_(clock.now()) {}

bool CheckpointPolicy::due(std::uint64_t epochs, std::uint64_t measured) {
    epochs_ += epochs;
    const double seconds = Seconds(clock_.now() - last_).count();
    const bool by_samples = spec_.samples() > 0 && measured - measured_ >= spec_.samples();
    const bool by_time = spec_.seconds() > 0.0 && seconds >= spec_.seconds();
    const bool by_epochs = spec_.epochs() > 0 && epochs > 0 && epochs_ >= spec_.epochs() &&
                           seconds >= spec_.least_seconds();
    return by_samples || by_time || by_epochs;
}

void CheckpointPolicy::made(std::uint64_t measured) {
    last_ = clock_.now();
    measured_ = measured;
    epochs_ = 0;
}

} // namespace phyll::runs
