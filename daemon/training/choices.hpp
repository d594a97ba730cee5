#pragma once

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

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
        valid += (valid.empty() ? "'" : ", '") + std::string(name) + "'";
    }
    throw invalid_field(std::string(field), in_quotes(text) + "; valid is " + valid);
}

} // namespace phyll::training
