#include "daemon/training/schemes/read_out/trained_read_out.hpp"

#include <utility>
#include <vector>

namespace phyll::training {
namespace {

ReadOutLayer layer_of(const TrainedJob& job) {
    const StandIn data(job);
    return ReadOutLayer({data.spec, job.options, data.data, data.split, job.rigs, job.workers});
}

} // namespace

TrainedReadOut::TrainedReadOut(const TrainedJob& job)
    : scaling_(read_scaling(ArrayReader(job.network))),
      layer_(layer_of(job)),
      read_out_{.weights = OwnedBlock(layer_.features(), job.classes),
                .bias = std::vector<float>(job.classes)} {
    const ArrayReader network(job.network);
    layer_.restore(network);
    network.read("layer1/weights", read_out_.weights.view());
    network.read("layer1/bias", read_out_.bias);
}

Flow TrainedReadOut::begin(const Scores& samples, std::size_t first, std::size_t count) const {
    Flow flow{.inputs = OwnedBlock(samples.features(), count),
              .scores = OwnedBlock(classes(), count)};
    samples.rows().gather(first, flow.inputs.view());
    return flow;
}

void TrainedReadOut::pass(std::size_t /*layer*/, Flow& flow, ConstBlock responses) const {
    const ConstBlock inputs = std::as_const(flow.inputs).view();
    const SampleRows rows = layer_.features(inputs, layer_.answers(responses));
    OwnedBlock columns(rows.channels, rows.samples);
    rows.gather(0, columns.view());
    flow.scores = read_out_.scores(std::as_const(columns).view());
    flow.inputs = {};
}

} // namespace phyll::training
