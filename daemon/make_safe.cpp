#include "make_safe.hpp"

#include "daemon/rig/instrument_configs.hpp"
#include "daemon/rig/make_safe.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <future>
#include <memory>
#include <utility>
#include <vector>

namespace phyll {

bool make_safe(const Settings& settings, bool kill_holder, std::ostream& out) {
    const SystemClock clock;
    const auto shelf =
        rig::make_shelf(settings.config.instruments(), settings.lock_dir, clock, read_toml());
    std::vector<std::unique_ptr<instruments::Instrument>> instruments;
    for (const instruments::InstrumentSettings& each : shelf->settings()) {
        instruments.push_back(instruments::any_instrument(*shelf, each.name));
    }
    // At once: one that does not answer must not keep the others driven.
    std::vector<std::future<rig::MadeSafe>> outcomes;
    for (std::size_t i = 0; i < instruments.size(); ++i) {
        outcomes.push_back(std::async(std::launch::async, [&, i] {
            return rig::make_instrument_safe(
                *instruments[i], shelf->settings()[i], settings.lock_dir,
                kill_holder ? rig::Holder::kill : rig::Holder::leave, clock);
        }));
    }
    bool all = true;
    for (std::future<rig::MadeSafe>& outcome : outcomes) {
        const rig::MadeSafe made = outcome.get();
        out << made.line << std::endl;
        all = all && made.safe;
    }
    if (instruments.empty()) {
        out << "no instrument is configured\n";
    }
    return all;
}

} // namespace phyll
