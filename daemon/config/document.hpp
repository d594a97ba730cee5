#pragma once

#include "daemon/config/problems.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// A TOML text as a tree of plain values. It keeps the parser's library, which is heavy, in one
// place, and gives overrides a tree to change before anything is mapped.
namespace phyll::config {

struct Value;
struct Member;

using Array = std::vector<Value>;

/// A date or a time: TOML has them, our messages do not.
struct Moment {
    std::string text; ///< as TOML writes it
};

struct Table {
    std::vector<Member> members;

    [[nodiscard]] Value* find(std::string_view key);
    [[nodiscard]] const Value* find(std::string_view key) const;
};

struct Value {
    std::variant<bool, std::int64_t, double, std::string, Moment, Array, Table> content;
    Place place;
};

struct Member {
    std::string key;
    Value value;
};

/// Parses a TOML document. What is wrong with it is added to `problems` and gives nothing: a syntax
/// error with line and column, a text that is too large or nested too deep.
[[nodiscard]] std::optional<Table> parse_document(std::string_view text,
                                                  const std::string& file_name, Problems& problems);

/// Parses a single TOML value, all of which counts as written at `place`. Nothing when `text` is
/// not exactly one value.
[[nodiscard]] std::optional<Value> parse_value(std::string_view text, const Place& place);

} // namespace phyll::config
