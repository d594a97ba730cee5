#pragma once

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

namespace phyll::bench {

/// What a command line says of one number of the simulated physics: "rods=4".
struct KeyValue {
    explicit KeyValue(std::string_view text)
        : key(text.substr(0, text.find('='))),
          value(text.substr(std::min(key.size() + 1, text.size()))) {}

    /// Throws INVALID_ARGUMENT about the field "`of`.KEY" when it is no number.
    template <class Number>
    [[nodiscard]] Number number(std::string_view of) const {
        Number number{};
        const char* const end = value.data() + value.size();
        const auto [rest, error] = std::from_chars(value.data(), end, number);
        if (error != std::errc() || rest != end) {
            throw invalid_field(fmt::format("{}.{}", of, key),
                                fmt::format("{}; valid is a number", in_quotes(value)));
        }
        return number;
    }

    std::string_view key;
    std::string_view value;
};

} // namespace phyll::bench
