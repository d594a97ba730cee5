#include "daemon/runs/differences.hpp"

#include "daemon/runs/contents/named_files.hpp"
#include "daemon/runs/plain_json.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <map>
#include <string>

namespace phyll::runs {
namespace {

using nlohmann::json;

/// Values by path: {"layers": [{"width": 20}]} has 20 at "layers.0.width", as `--set` calls it.
using Leaves = std::map<std::string, std::string>;

void add_leaves(const json& value, const std::string& path, Leaves& leaves) {
    const std::string prefix = path.empty() ? "" : path + ".";
    if (value.is_object() && !value.empty()) {
        for (const auto& [key, inner] : value.items()) {
            add_leaves(inner, prefix + key, leaves);
        }
    } else if (value.is_array() && !value.empty()) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            add_leaves(value[i], prefix + std::to_string(i), leaves);
        }
    } else {
        leaves[path] = value.dump(-1, ' ', false, json::error_handler_t::replace);
    }
}

Leaves leaves_of(const json& value) {
    Leaves leaves;
    if (!value.empty()) {
        add_leaves(value, "", leaves);
    }
    return leaves;
}

class Comparison {
  public:
    void section(const std::string& name, const json& a, const json& b) {
        const Leaves of_a = leaves_of(a);
        const Leaves of_b = leaves_of(b);
        Leaves all = of_a;
        all.insert(of_b.begin(), of_b.end());
        for (const auto& [path, ignored] : all) {
            const auto in_a = of_a.find(path);
            const auto in_b = of_b.find(path);
            if (in_a != of_a.end() && in_b != of_b.end() && in_a->second == in_b->second) {
                continue;
            }
            v1::Difference& difference = found_.emplace_back();
            difference.set_section(name);
            difference.set_path(path);
            if (in_a != of_a.end()) {
                difference.set_a(in_a->second);
            }
            if (in_b != of_b.end()) {
                difference.set_b(in_b->second);
            }
        }
    }
    [[nodiscard]] std::vector<v1::Difference> take() { return std::move(found_); }

  private:
    std::vector<v1::Difference> found_;
};

json run_file(const v1::RunSpec& spec) {
    json out = plain_json(spec);
    out.erase("name");
    out.erase("note");
    return out;
}

/// The contents of the data files that came with a run, by their names.
json data(const v1::RunInfo& info) {
    json out = json::object();
    for (const v1::NamedFile& file : info.files()) {
        out[file.name()] = hash_in_hex(file.sha256(), "files.sha256");
    }
    return out;
}

json software(const v1::Conditions& conditions) {
    if (conditions.version().empty()) {
        return json::object(); // never started
    }
    return {{"version", conditions.version()},
            {"kernel_level", conditions.kernel_level()},
            {"cpu_model", conditions.cpu_model()}};
}

json rigs(const v1::Conditions& conditions) {
    json out = json::object();
    for (const v1::RigConditions& rig : conditions.rigs()) {
        const json configuration = json::parse(rig.configuration(), nullptr, false);
        out[rig.rig()] = {{"era", rig.era()}};
        if (!configuration.is_discarded()) {
            out[rig.rig()]["configuration"] = configuration;
        }
        if (!rig.calibration().empty()) {
            out[rig.rig()]["calibration"] = rig.calibration();
        }
    }
    return out;
}

json ages(const v1::Conditions& conditions) {
    json out = json::object();
    for (const v1::RigConditions& rig : conditions.rigs()) {
        out[rig.rig()] = rig.age();
    }
    return out;
}

json result(const v1::RunInfo& info) {
    if (!info.has_result()) {
        return json::object();
    }
    json out = plain_json(info.result());
    out.erase("test_judgement"); // the accuracy says that it differs, in one line
    out.erase("classes");        // so does the data
    out.erase("feature_names");
    out.erase("file_sha256"); // the file says how long it took, too
    constexpr std::array measured{"hardware_seconds", "digital_seconds", "wait_seconds",
                                  "active_seconds",   "hardware_joules", "digital_joules"};
    for (const char* duration : measured) {
        out.erase(duration);
        if (out.contains("layers")) {
            for (json& layer : out["layers"]) {
                layer.erase(duration);
            }
        }
    }
    return out;
}

void compare(Comparison& comparison, const v1::Conditions& a, const v1::Conditions& b) {
    comparison.section("software", software(a), software(b));
    comparison.section("rigs", rigs(a), rigs(b));
    comparison.section("age", ages(a), ages(b));
}

} // namespace

std::vector<v1::Difference> differences(const RunRecord& a, const RunRecord& b) {
    Comparison comparison;
    comparison.section("run file", run_file(a.spec), run_file(b.spec));
    comparison.section("data", data(a.info), data(b.info));
    compare(comparison, a.info.conditions(), b.info.conditions());
    comparison.section("result", result(a.info), result(b.info));
    return comparison.take();
}

std::vector<v1::Difference> differences(const v1::Conditions& a, const v1::Conditions& b) {
    Comparison comparison;
    compare(comparison, a, b);
    return comparison.take();
}

} // namespace phyll::runs
