#include "daemon/runs/rigs_file.hpp"

#include "daemon/rig/layer_spec_wire.hpp"
#include "daemon/runs/result_file.hpp"
#include "daemon/runs/state_dir.hpp"

#include <phyll/v1/lab.pb.h>

namespace phyll::runs {

void write_rigs(const std::filesystem::path& file,
                const std::map<std::string, const LayerSpec*>& rigs) {
    v1::RigsReply out;
    for (const auto& [name, spec] : rigs) {
        v1::RigInfo& rig = *out.add_rigs();
        rig.set_name(name);
        *rig.mutable_spec() = rig::to_wire(*spec);
    }
    write_file(file, to_json(out));
}

std::map<std::string, LayerSpec> read_rigs(const std::filesystem::path& file) {
    v1::RigsReply read;
    from_json(read_file(file), read, file.string());
    std::map<std::string, LayerSpec> rigs;
    for (const v1::RigInfo& rig : read.rigs()) {
        rigs.emplace(rig.name(), rig::from_wire(rig.spec()));
    }
    return rigs;
}

} // namespace phyll::runs
