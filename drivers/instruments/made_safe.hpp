#pragma once

#include "drivers/instruments/instrument.hpp"

#include <concepts>
#include <exception>
#include <string>
#include <utility>

namespace phyll::instruments {

/// What `make_safe` of an instrument returns that `make` makes safe: within twice the instrument's
/// timeout, and a second time where it fails, since the first message to an instrument that was
/// away finds out that it was.
template <std::invocable<const Patience&> Make>
[[nodiscard]] SafeState made_safe(const Clock& clock, Seconds timeout, Make make) noexcept {
    std::string reason;
    try {
        const Patience patience = Patience{}.within(clock, 2 * timeout);
        for (int attempt = 0; attempt < 2; ++attempt) {
            try {
                make(patience);
                return {};
            } catch (const std::exception& error) {
                reason = error.what();
            }
        }
    } catch (...) { // NOLINT(bugprone-empty-catch): no memory for the reason
    }
    return {.state = SafeState::State::unknown, .reason = std::move(reason)};
}

} // namespace phyll::instruments
