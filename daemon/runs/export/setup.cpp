#include "daemon/runs/export/setup.hpp"

#include "daemon/rig/layer_spec_wire.hpp"
#include "daemon/runs/plain_json.hpp"
#include "daemon/runs/rigs_file.hpp"
#include "daemon/runs/state_dir.hpp"
#include "drivers/core/text.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace phyll::runs {

nlohmann::json setup_of(const RunRecord& run) {
    const std::filesystem::path folder = run.info.folder();
    nlohmann::json out{
        {"run_file", ""}, {"spec", plain_json(run.spec)}, {"rigs", nlohmann::json::array()}};
    if (std::filesystem::exists(folder / "run.toml")) {
        out["run_file"] = utf8(read_file(folder / "run.toml"));
    }
    if (std::filesystem::exists(folder / rigs_file_name)) {
        for (const auto& [name, spec] : read_rigs(folder / rigs_file_name)) {
            out["rigs"].push_back({{"name", name}, {"spec", plain_json(rig::to_wire(spec))}});
        }
    }
    return out;
}

} // namespace phyll::runs
