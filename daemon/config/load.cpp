#include "daemon/config/load.hpp"

#include "daemon/config/defaults.hpp"
#include "daemon/config/nearest.hpp"
#include "daemon/config/parse_toml.hpp"
#include "daemon/config/problems.hpp"
#include "daemon/config/validate.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

namespace phyll::config {

namespace {

/// Adds a problem for every entry of `list` whose `field`, the text `of` gives, an earlier one has.
template <class Entries, class Of>
void check_differ(const Entries& entries, const std::string& list, const std::string& field, Of of,
                  Problems& problems) {
    std::map<std::string, std::size_t> first;
    for (int i = 0; i < entries.size(); ++i) {
        const auto index = static_cast<std::size_t>(i);
        const auto [taken, is_new] = first.try_emplace(of(entries[i]), index);
        if (!is_new) {
            problems.add(member_path(item_path(list, index), field),
                         fmt::format("{} is already the {} of {}", quoted(of(entries[i])), field,
                                     item_path(list, taken->second)));
        }
    }
}

template <class Entries>
void check_names_differ(const Entries& entries, const std::string& list, Problems& problems) {
    check_differ(entries, list, "name", [](const auto& entry) { return entry.name(); }, problems);
}

/// Letters of resource strings count in any case.
void check_addresses_differ(const v1::DaemonConfig& config, Problems& problems) {
    check_differ(
        config.instruments(), "instruments", "address",
        [](const v1::InstrumentConfig& instrument) { return in_capitals(instrument.address()); },
        problems);
}

/// The daemon names the simulations of rigs made of instruments: "bench:simulation".
void check_rig_names(const v1::DaemonConfig& config, Problems& problems) {
    for (int i = 0; i < config.rigs_size(); ++i) {
        const std::string& name = config.rigs(i).name();
        if (name.find(':') != std::string::npos) {
            problems.add(member_path(item_path("rigs", static_cast<std::size_t>(i)), "name"),
                         fmt::format("{}; valid is a name without ':'", quoted(name)));
        }
    }
}

void check_data(const v1::DataSpec& data, Problems& problems) {
    if (data.kind() != "csv") {
        return;
    }
    if (data.file().empty()) {
        problems.add("data.file", "missing; data of kind 'csv' is read from a file");
    }
    if (data.label().empty()) {
        problems.add("data.label", "missing; it names the column that holds the class");
    }
}

void check_layer(const v1::LayerConfig& layer, const std::string& path, Problems& problems) {
    if (layer.physics() && layer.rig().empty()) {
        problems.add(member_path(path, "rig"),
                     "missing; it names the rig that does the layer's transform (or physics = "
                     "false leaves the transform out)");
    }
}

void check_layers(const v1::RunSpec& spec, Problems& problems) {
    if (spec.layers().empty()) {
        problems.add("layers", "missing; a run needs at least one layer ([[layers]])");
    }
    for (int i = 0; i < spec.layers_size(); ++i) {
        check_layer(spec.layers(i), item_path("layers", static_cast<std::size_t>(i)), problems);
    }
}

/// What is asked of a rig that no layer uses was meant for another one.
void check_rigs_are_used(const v1::RunSpec& spec, Problems& problems) {
    std::vector<std::string> used;
    for (const v1::LayerConfig& layer : spec.layers()) {
        const bool is_new = std::ranges::find(used, layer.rig()) == used.end();
        if (layer.physics() && !layer.rig().empty() && is_new) {
            used.push_back(layer.rig());
        }
    }
    for (int i = 0; i < spec.rigs_size() && !used.empty(); ++i) {
        const std::string& name = spec.rigs(i).name();
        if (std::ranges::find(used, name) == used.end()) {
            problems.add(
                member_path(item_path("rigs", static_cast<std::size_t>(i)), "name"),
                fmt::format("{} is no layer's rig; the layers use {}", quoted(name), listed(used)));
        }
    }
}

void check_run(const v1::RunSpec& spec, Problems& problems) {
    check_data(spec.data(), problems);
    check_layers(spec, problems);
    check_names_differ(spec.rigs(), "rigs", problems);
    check_rigs_are_used(spec, problems);
}

} // namespace

v1::DaemonConfig load_daemon_config(std::string_view text, const std::string& file_name,
                                    const OptionsResolver& resolver) {
    Problems problems(file_name);
    v1::DaemonConfig config;
    parse_toml(text, file_name, {}, resolver, config, problems);
    check_names_differ(config.rigs(), "rigs", problems);
    check_names_differ(config.instruments(), "instruments", problems);
    check_addresses_differ(config, problems);
    check_rig_names(config, problems);
    problems.throw_if_any();
    return config;
}

v1::RunSpec load_run_spec(std::string_view text, const std::string& file_name,
                          std::span<const std::string> overrides, const OptionsResolver& resolver) {
    Problems problems(file_name);
    v1::RunSpec spec;
    parse_toml(text, file_name, overrides, resolver, spec, problems);
    check_run(spec, problems);
    problems.throw_if_any();
    return spec;
}

void check_run_spec(v1::RunSpec& spec, const OptionsResolver& resolver) {
    Problems problems;
    apply_defaults(spec, resolver);
    validate(spec, resolver, problems);
    check_run(spec, problems);
    problems.throw_if_any();
}

} // namespace phyll::config
