#include "sim/bench/server/instrument.hpp"

#include "drivers/core/error.hpp"

namespace phyll::bench {

void Instrument::at_panel(std::string_view) {
    throw invalid_field("kind", "panel; this instrument has no front panel");
}

void Instrument::disguise(std::string& reply, const std::string& other) const {
    if (const std::size_t at = reply.find(identity()); at != std::string::npos) {
        reply.replace(at, identity().size(), other);
    }
}

} // namespace phyll::bench
