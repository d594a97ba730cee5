#include "rig_blocks.hpp"

#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace phyll::cli {
namespace {

const char* kind_name(v1::RigBlock::Kind kind) {
    switch (kind) {
    case v1::RigBlock::STOPPED:
        return "stopped";
    case v1::RigBlock::NOT_SAFE:
        return "not known to be safe";
    case v1::RigBlock::DISABLED:
        return "disabled";
    default:
        return "blocked";
    }
}

} // namespace

std::string blocks_in_words(const v1::RigInfo& rig) {
    std::string out;
    for (const v1::RigBlock& block : rig.blocks()) {
        out += fmt::format("{}{}{} since {}{}{}", out.empty() ? "" : "; ", kind_name(block.kind()),
                           block.by().empty() ? "" : " by " + block.by(), local_time(block.since()),
                           block.note().empty() ? "" : ": ", block.note());
    }
    return out;
}

nlohmann::json blocks_json(const v1::RigInfo& rig) {
    nlohmann::json out = nlohmann::json::array();
    for (const v1::RigBlock& block : rig.blocks()) {
        out.push_back({{"kind", kind_name(block.kind())},
                       {"by", block.by()},
                       {"since", block.since()},
                       {"note", block.note()}});
    }
    return out;
}

} // namespace phyll::cli
