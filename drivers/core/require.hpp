#pragma once

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <type_traits>

namespace phyll {

// What numbers that people give have to be. All throw INVALID_ARGUMENT naming the field, the value
// and what would be valid.

inline void require_positive(const char* field, double value) {
    if (!std::isfinite(value) || value <= 0) {
        throw invalid_field(field, fmt::format("{}; valid is more than 0", value));
    }
}

inline void require_not_negative(const char* field, double value) {
    if (!std::isfinite(value) || value < 0) {
        throw invalid_field(field, fmt::format("{}; valid is 0 or more", value));
    }
}

/// Both ends are valid; no number is not.
template <class Number>
void require_between(const char* field, Number value, std::type_identity_t<Number> least,
                     std::type_identity_t<Number> most) {
    if (!(value >= least && value <= most)) {
        throw invalid_field(field, fmt::format("{}; valid is {} to {}", value, least, most));
    }
}

} // namespace phyll
