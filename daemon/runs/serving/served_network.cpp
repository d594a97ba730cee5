#include "daemon/runs/serving/served_network.hpp"

#include "daemon/runs/hdf5_file.hpp"
#include "daemon/runs/rigs_file.hpp"
#include "daemon/runs/run_state.hpp"
#include "daemon/runs/state_dir.hpp"
#include "daemon/training/schemes/registry.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace phyll::runs {
namespace {

using training::RigShape;

[[nodiscard]] Error refused(std::uint64_t run, const std::string& why) {
    return {Code::failed_precondition, fmt::format("run {} {}", run, why)};
}

std::size_t classes_of(const v1::RunInfo& run) {
    const v1::RunResult& result = run.result();
    if (result.classes_size() > 0) {
        return static_cast<std::size_t>(result.classes_size());
    }
    if (result.has_test_judgement()) {
        return result.test_judgement().classes();
    }
    throw refused(run.run(), "was trained by an earlier phylld, which did not keep how many "
                             "classes there are; 'phyllctl run retry' trains it again");
}

/// What the rigs were when the run was trained; nothing where that is not known any more.
std::map<std::string, LayerSpec> rigs_at_training(const v1::RunInfo& run) {
    std::filesystem::path folder = run.folder();
    if (run.replay_of() != 0) {
        folder = folder.parent_path() / std::to_string(run.replay_of());
    }
    const std::filesystem::path file = folder / rigs_file_name;
    return std::filesystem::exists(file) ? read_rigs(file) : std::map<std::string, LayerSpec>();
}

bool same_phase(const std::optional<training::PhaseRange>& a,
                const std::optional<training::PhaseRange>& b) {
    return a.has_value() == b.has_value() &&
           (!a || (a->at_zero == b->at_zero && a->at_one == b->at_one));
}

/// Throws unless the rig can take the place of what it was.
void check_shape(std::uint64_t run, const std::string& rig, const RigShape& then,
                 const RigShape& now) {
    if (then.inputs != now.inputs || then.outputs != now.outputs) {
        throw refused(run, fmt::format("was trained on rig {} when it had {} inputs and {} "
                                       "outputs; it has {} and {} now; train the run again",
                                       in_quotes(rig), then.inputs, then.outputs, now.inputs,
                                       now.outputs));
    }
    if (then.levels != now.levels || !same_phase(then.phase, now.phase)) {
        throw refused(run, fmt::format("was trained on rig {} when its inputs had other levels or "
                                       "ranges than now; train the run again",
                                       in_quotes(rig)));
    }
}

std::vector<training::NamedArray> network_arrays(const v1::RunInfo& run) {
    const std::filesystem::path file = std::filesystem::path(run.folder()) / "result.h5";
    const std::string image = read_file(file);
    std::vector<training::NamedArray> arrays;
    try {
        read_hdf5(image, run.result().file_sha256(),
                  [&](const Hdf5Content& content) { arrays = content.arrays("/network"); });
    } catch (const Error& error) {
        throw error_of(file.string(), error);
    }
    return arrays;
}

} // namespace

void check_served(const v1::RunInfo& run) {
    if (run.kind() != v1::TRAINING) {
        throw refused(run.run(), run.kind() == v1::CLIENT
                                     ? "has no network that phylld knows: a client drove it"
                                     : "is a recording; it has no network");
    }
    if (run.state() != v1::SUCCEEDED) {
        throw refused(run.run(), fmt::format("is {}; only a run that succeeded has a network to "
                                             "ask",
                                             name_of(run.state())));
    }
}

ServedNetwork load_network(const RunRecord& run, const FindRig& rig, Workers* workers) {
    check_served(run.info);
    ServedNetwork served{.network = nullptr,
                         .rigs = {},
                         .repeats = repeats_of(run.spec),
                         .query_batch = run.spec.training().query_batch()};
    const std::map<std::string, LayerSpec> before = rigs_at_training(run.info);
    Shapes shapes;
    for (const v1::LayerConfig& layer : run.spec.layers()) {
        if (!layer.physics()) {
            served.rigs.emplace_back();
            shapes.emplace_back();
            continue;
        }
        const RigShape now = training::shape_of(rig(layer.rig()));
        if (const auto then = before.find(layer.rig()); then != before.end()) {
            check_shape(run.info.run(), layer.rig(), training::shape_of(then->second), now);
        }
        served.rigs.push_back(layer.rig());
        shapes.emplace_back(now);
    }
    const training::SchemeKind& kind = training::scheme_kind(run.spec.scheme().kind());
    const std::unique_ptr<google::protobuf::Message> options = kind.new_options();
    if (!run.spec.scheme().options().UnpackTo(options.get())) {
        throw Error(Code::data_loss,
                    fmt::format("the options of run {} are not those of the scheme '{}'",
                                run.info.run(), kind.name));
    }
    const std::vector<training::NamedArray> arrays = network_arrays(run.info);
    served.network =
        kind.restore({run.spec, *options, classes_of(run.info), shapes, arrays, workers});
    return served;
}

std::uint64_t era_of(const v1::RunInfo& run, const std::string& rig) {
    const auto& rigs = run.conditions().rigs();
    const auto found = std::ranges::find(rigs, rig, &v1::RigConditions::rig);
    std::uint64_t era = found == rigs.end() ? 0 : found->era();
    for (const v1::EraEnded& ended : run.result().eras()) {
        if (ended.rig() == rig) {
            era = std::max(era, ended.era() + 1);
        }
    }
    return era;
}

} // namespace phyll::runs
