#pragma once

#include "drivers/core/error.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace phyll::training {

/// The texts that a field of a run file may hold, and what each stands for.
template <class T, std::size_t n>
using Choices = std::array<std::pair<std::string_view, T>, n>;

/// What `text` stands for; throws INVALID_ARGUMENT that names the field and every valid text.
template <class T, std::size_t n>
[[nodiscard]] T choose(std::string_view field, std::string_view text,
                       const Choices<T, n>& choices) {
    std::string valid;
    for (const auto& [name, value] : choices) {
        if (name == text) {
            return value;
        }
        valid += valid.empty() ? "" : ", ";
        valid += name;
    }
    throw invalid_field(std::string(field),
                        "\"" + std::string(text) + "\" is not known; valid: " + valid);
}

} // namespace phyll::training
