#include "configured.hpp"
#include "daemon/rig/instrument_configs.hpp"
#include "door.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>

namespace phyll {
namespace {

std::string evidence_in_words(const LayerSpec& spec) {
    switch (spec.evidence) {
    case Evidence::simulation:
        return "simulation";
    case Evidence::replay:
        return fmt::format("replay of {}", spec.evidence_of);
    case Evidence::replay_twin:
        return fmt::format("replay (twin) of {}", spec.evidence_of);
    case Evidence::virtual_instruments:
        return "virtual instruments";
    case Evidence::hardware:
        return "hardware";
    }
    return "evidence of an unknown kind";
}

/// As they are configured: none is reached for.
void say_instruments(const v1::DaemonConfig& config, std::ostream& out) {
    std::map<std::string, std::string> users;
    for (const v1::RigConfig& rig : config.rigs()) {
        for (const v1::InstrumentConfig& part : rig::instruments_of(rig, config.instruments())) {
            users[part.name()] = rig.name();
        }
    }
    for (const v1::InstrumentConfig& instrument : config.instruments()) {
        const std::string& user = users[instrument.name()];
        out << fmt::format("{}: {}{} at {}{}, {}\n", instrument.name(),
                           instrument.virtual_() ? "virtual " : "", instrument.kind(),
                           instrument.address(),
                           instrument.serial().empty() ? "" : ", serial " + instrument.serial(),
                           user.empty() ? "no rig is made of it" : "of rig " + user);
    }
}

/// Nothing, with a word on `out`, for a rig that need not be there and cannot be built.
std::optional<rig::MadeRig> rig_to_look_at(const Settings& settings, const v1::RigConfig& config,
                                           bool needed, Workers& workers, const Clock& clock,
                                           const rig::InstrumentSite& site, std::ostream& out) {
    try {
        return untouched_rig(settings, config, workers, clock, site);
    } catch (const Error& error) {
        if (needed) {
            throw;
        }
        out << fmt::format("{} cannot be simulated: {}\n", config.name(), error.what());
        return std::nullopt;
    }
}

} // namespace

void check_rigs(const Settings& settings, std::ostream& out) {
    const v1::DaemonConfig config = with_simulations(settings.config);
    const SystemClock clock;
    Workers workers(thread_count(config));
    const bool keys = asks_for_keys(config);
    const std::optional<ListenAddress> metrics = metrics_address(config);
    const rig::InstrumentSite site = instrument_site(settings, clock, nullptr);
    for (int i = 0; i < config.rigs_size(); ++i) {
        const v1::RigConfig& rig = config.rigs(i);
        const auto made = rig_to_look_at(settings, rig, i < settings.config.rigs_size(), workers,
                                         clock, site, out);
        if (!made) {
            continue;
        }
        const LayerSpec& spec = made->layer->spec();
        out << fmt::format("{}: {}, {} inputs, {} outputs, {:g} s per sample, {}\n", rig.name(),
                           spec.kind, spec.n_in(), spec.n_out(), spec.seconds_per_sample,
                           evidence_in_words(spec));
        for (const std::string& note : spec.notes) {
            out << "  " << note << '\n';
        }
        for (const std::string& limit : spec.limits) {
            out << "  limit: " << limit << '\n';
        }
    }
    say_instruments(config, out);
    out << fmt::format("{} rig{} would be served at {}, to {}\n", config.rigs_size(),
                       config.rigs_size() == 1 ? "" : "s", config.listen(),
                       keys ? "those who have a key" : "whoever is on this machine");
    if (metrics) {
        out << fmt::format("metrics would be served at http://{}:{}/metrics, to whoever is on this "
                           "machine\n",
                           metrics->host, metrics->port);
    }
}

} // namespace phyll
