#include "daemon/config/document.hpp"

#include "drivers/core/readers/toml_library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace phyll::config {

namespace {

constexpr std::size_t largest_text = std::size_t{256} * 1024;
/// The library takes its trees of tables apart recursively. A level of nesting costs a bracket,
/// which the library limits, or a dot in a key, which this limits.
constexpr std::ptrdiff_t most_dots = 4000;
constexpr int deepest = 32;

struct TooDeep : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Turns the library's nodes into ours.
class Reader {
  public:
    using PlaceOf = std::function<Place(const toml::node&)>;

    explicit Reader(PlaceOf place_of) : place_of_(std::move(place_of)) {}

    [[nodiscard]] Table table(const toml::table& source, int depth = 0) const {
        if (depth == deepest) {
            throw TooDeep(fmt::format("tables and arrays more than {} deep", deepest));
        }
        Table result;
        for (const auto& [key, node] : source) {
            result.members.push_back({std::string(key.str()), value(node, depth + 1)});
        }
        return result;
    }

  private:
    [[nodiscard]] Array array(const toml::array& source, int depth) const {
        if (depth == deepest) {
            throw TooDeep(fmt::format("tables and arrays more than {} deep", deepest));
        }
        Array result;
        for (const toml::node& node : source) {
            result.push_back(value(node, depth + 1));
        }
        return result;
    }

    [[nodiscard]] Value value(const toml::node& node, int depth) const {
        const Place place = place_of_(node);
        switch (node.type()) {
        case toml::node_type::table:
            return {table(*node.as_table(), depth), place};
        case toml::node_type::array:
            return {array(*node.as_array(), depth), place};
        case toml::node_type::string:
            return {node.as_string()->get(), place};
        case toml::node_type::integer:
            return {node.as_integer()->get(), place};
        case toml::node_type::floating_point:
            return {node.as_floating_point()->get(), place};
        case toml::node_type::boolean:
            return {node.as_boolean()->get(), place};
        case toml::node_type::date:
            return {moment(*node.as_date()), place};
        case toml::node_type::time:
            return {moment(*node.as_time()), place};
        default:
            return {moment(*node.as_date_time()), place};
        }
    }

    template <class Node>
    static Moment moment(const Node& node) {
        std::ostringstream text;
        text << node.get();
        return {text.str()};
    }

    PlaceOf place_of_;
};

/// What makes a text unfit for the library; empty: nothing.
std::string unfit(std::string_view text) {
    if (text.size() > largest_text) {
        return fmt::format("{} bytes; at most {} are read", text.size(), largest_text);
    }
    if (std::ranges::count(text, '.') > most_dots) {
        return fmt::format("more than {} dots; nothing that can be configured needs as many",
                           most_dots);
    }
    return "";
}

} // namespace

Value* Table::find(std::string_view key) {
    const auto found = std::ranges::find(members, key, &Member::key);
    return found == members.end() ? nullptr : &found->value;
}

const Value* Table::find(std::string_view key) const {
    const auto found = std::ranges::find(members, key, &Member::key);
    return found == members.end() ? nullptr : &found->value;
}

std::optional<Table> parse_document(std::string_view text, const std::string& file_name,
                                    Problems& problems) {
    if (const std::string reason = unfit(text); !reason.empty()) {
        problems.add("", reason);
        return std::nullopt;
    }
    const auto line_of = [&](const toml::node& node) {
        const unsigned line = node.source().begin.line;
        return Place{.where = fmt::format("{}:{}", file_name, line), .line = line};
    };
    try {
        return Reader(line_of).table(toml::parse(text));
    } catch (const toml::parse_error& error) {
        const auto at = error.source().begin;
        problems.add_at(
            {.where = fmt::format("{}:{}:{}", file_name, at.line, at.column), .line = at.line}, "",
            std::string(error.description()));
    } catch (const TooDeep& error) {
        problems.add("", error.what());
    }
    return std::nullopt;
}

std::optional<Value> parse_value(std::string_view text, const Place& place) {
    if (!unfit(text).empty()) {
        return std::nullopt;
    }
    try {
        const toml::table parsed = toml::parse(fmt::format("value = {}", text));
        Table table = Reader([&](const toml::node&) { return place; }).table(parsed);
        // A line break in the text could have smuggled in further keys.
        return table.members.size() == 1 ? std::optional(std::move(table.members.front().value))
                                         : std::nullopt;
    } catch (const toml::parse_error&) {
        return std::nullopt;
    } catch (const TooDeep&) {
        return std::nullopt;
    }
}

} // namespace phyll::config
