#pragma once

#include "drivers/core/readers/data_file.hpp"
#include "sim/rigs/replay/recording.hpp"
#include "tests/unit/sim/support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

namespace phyll::test {

/// Files that are at hand without a disk.
inline FileReader files(const std::map<std::string, std::string>& contents) {
    return [contents](const std::string& path) {
        const auto found = contents.find(path);
        if (found == contents.end()) {
            throw Error(Code::not_found, "cannot read " + path);
        }
        return DataFile(found->second);
    };
}

/// What a rig answers to so many uniformly random stimuli.
inline sim::Recording recorded(PhysicalLayer& rig, std::size_t measurements) {
    sim::Recording recording;
    recording.inputs = rig.spec().inputs;
    recording.outputs = rig.spec().outputs;
    recording.of = "a " + rig.spec().kind + " rig";
    recording.stimuli = uniform_stimuli(rig.spec(), measurements);
    recording.responses = answer(rig, recording.stimuli);
    return recording;
}

/// As a file, a row per sample.
inline std::string csv(const OwnedBlock& block) {
    std::string text;
    for (std::size_t i = 0; i < block.samples(); ++i) {
        text += fmt::format("{}\n", fmt::join(block.sample(i), ","));
    }
    return text;
}

} // namespace phyll::test
