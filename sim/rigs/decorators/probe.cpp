#include "sim/rigs/decorators/probe.hpp"

#include <algorithm>
#include <cmath>

namespace phyll::sim {
namespace {

constexpr std::size_t probes = 256;

OwnedBlock responses_of(SimulatedRig& rig, const OwnedBlock& x) {
    OwnedBlock y(rig.spec().n_out(), x.samples());
    const std::size_t batch = rig.spec().max_batch;
    for (std::size_t first = 0; first < x.samples(); first += batch) {
        const std::size_t count = std::min(batch, x.samples() - first);
        rig.query(x.view().slice(first, count), y.view().slice(first, count), {});
    }
    return y;
}

std::vector<double> means_of(const OwnedBlock& y) {
    std::vector<double> means(y.channels());
    for (std::size_t i = 0; i < y.samples(); ++i) {
        for (std::size_t k = 0; k < y.channels(); ++k) {
            means[k] += static_cast<double>(y.sample(i)[k]) / static_cast<double>(y.samples());
        }
    }
    return means;
}

std::vector<double> deviations_of(const OwnedBlock& y, const std::vector<double>& means) {
    std::vector<double> deviations(y.channels());
    for (std::size_t i = 0; i < y.samples(); ++i) {
        for (std::size_t k = 0; k < y.channels(); ++k) {
            deviations[k] += std::pow(y.sample(i)[k] - means[k], 2);
        }
    }
    for (double& value : deviations) {
        value = std::sqrt(value / static_cast<double>(y.samples()));
    }
    return deviations;
}

} // namespace

Probe::Probe(SimulatedRig& reference)
    : stimuli_(reference.probe_stimuli(probes)), reference_(responses_of(reference, stimuli_)) {
    means_ = means_of(reference_);
    deviations_ = deviations_of(reference_, means_);
}

Probe::Shift Probe::shift_of(SimulatedRig& moved) const {
    const OwnedBlock responses = responses_of(moved, stimuli_);
    const std::vector<double> means = means_of(responses);
    double product = 0.0;
    double square = 0.0;
    double moved_square = 0.0;
    double mean_square = 0.0;
    for (std::size_t k = 0; k < means.size(); ++k) {
        if (deviations_[k] == 0.0) {
            continue; // an output that does not depend on the input says nothing
        }
        mean_square += std::pow((means[k] - means_[k]) / deviations_[k], 2);
        for (std::size_t i = 0; i < responses.samples(); ++i) {
            const double z = (reference_.sample(i)[k] - means_[k]) / deviations_[k];
            const double moved_z = (responses.sample(i)[k] - means[k]) / deviations_[k];
            product += z * moved_z;
            square += z * z;
            moved_square += moved_z * moved_z;
        }
    }
    return {.correlation = product / std::sqrt(square * moved_square),
            .mean = std::sqrt(mean_square / static_cast<double>(means.size()))};
}

} // namespace phyll::sim
