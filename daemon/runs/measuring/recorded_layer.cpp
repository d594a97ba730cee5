#include "daemon/runs/measuring/recorded_layer.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace phyll::runs {
namespace {

std::string_view in_words(Evidence evidence) {
    switch (evidence) {
    case Evidence::simulation:
        return "a simulation";
    case Evidence::virtual_instruments:
        return "virtual instruments";
    case Evidence::replay_twin:
        return "a twin";
    case Evidence::replay:
        return "a replay";
    case Evidence::hardware:
        return "hardware";
    }
    return "something";
}

} // namespace

RecordedLayer::RecordedLayer(std::string rig, LayerSpec spec, std::string what)
    : rig_(std::move(rig)), spec_(std::move(spec)), what_(std::move(what)) {
    std::string of = fmt::format("{}, on {}", what_, in_words(spec_.evidence));
    if (!spec_.evidence_of.empty()) {
        of += " of " + spec_.evidence_of;
    }
    // A replay of a simulation is a simulation that was recorded: no more is known by it.
    if (spec_.evidence == Evidence::hardware) {
        spec_.evidence = Evidence::replay;
    }
    spec_.evidence_of = std::move(of);
}

void RecordedLayer::query(ConstBlock x, Block, const QueryContext& context) {
    throw Error(
        Code::not_found,
        fmt::format("the journal of {} lacks measurement {} of rig '{}', {} samples: it was "
                    "not made, or as an answer to something else",
                    what_, context.number, rig_, x.samples()));
}

} // namespace phyll::runs
