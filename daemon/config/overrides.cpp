#include "daemon/config/overrides.hpp"
#include "drivers/core/number_of.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace phyll::config {

namespace {

/// Deeper than any message; a bound, because trees are taken apart recursively.
constexpr std::size_t most_keys = 32;

/// The keys of a path; none when one of them is empty or there are too many.
std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> keys;
    while (true) {
        const std::size_t dot = path.find('.');
        const std::string_view key = trimmed(path.substr(0, dot), " ");
        if (key.empty() || keys.size() == most_keys) {
            return {};
        }
        keys.push_back(key);
        if (dot == std::string_view::npos) {
            return keys;
        }
        path.remove_prefix(dot + 1);
    }
}

/// Walks from the root to the value that an override replaces.
class Walk {
  public:
    Walk(const Place& place, Problems& problems) : place_(place), problems_(problems) {}

    /// One step down from `value`, which sits at `path()`; null when there is no such step.
    [[nodiscard]] Value* step(Value& value, std::string_view key) {
        if (auto* table = std::get_if<Table>(&value.content)) {
            return &member(*table, key);
        }
        if (auto* array = std::get_if<Array>(&value.content)) {
            return entry(*array, key);
        }
        fail(key, fmt::format("{} is not a table", quoted(path_)));
        return nullptr;
    }

    /// The value of a key; an empty table is made for one that is not there.
    [[nodiscard]] Value& member(Table& table, std::string_view key) {
        path_ = member_path(path_, key);
        if (Value* found = table.find(key)) {
            return *found;
        }
        return table.members.emplace_back(Member{std::string(key), {Table{}, place_}}).value;
    }

  private:
    [[nodiscard]] Value* entry(Array& array, std::string_view key) {
        const auto index = number_of<std::size_t>(key);
        if (!index || *index >= array.size()) {
            fail(key,
                 fmt::format("{} has {} {}, counted from 0; {} is none of them", quoted(path_),
                             array.size(), array.size() == 1 ? "entry" : "entries", quoted(key)));
            return nullptr;
        }
        path_ = item_path(path_, *index);
        return &array[*index];
    }

    void fail(std::string_view key, const std::string& sentence) {
        problems_.add_at(place_, member_path(path_, key), sentence);
    }

    const Place& place_;
    Problems& problems_;
    std::string path_;
};

} // namespace

void apply_override(const std::string& text, Table& document, Problems& problems) {
    const Place place{.where = "override " + quoted(text), .line = 0};
    const std::size_t equals = text.find('=');
    const auto keys = split(std::string_view(text).substr(0, equals));
    if (equals == std::string::npos || keys.empty()) {
        problems.add_at(place, text, "a path and a value are expected, as in training.epochs=50");
        return;
    }
    Walk walk(place, problems);
    Value* target = &walk.member(document, keys.front());
    for (std::size_t i = 1; i < keys.size() && target != nullptr; ++i) {
        target = walk.step(*target, keys[i]);
    }
    if (target != nullptr) {
        const std::string_view raw = trimmed(std::string_view(text).substr(equals + 1), " ");
        const auto parsed = parse_value(raw, place);
        *target = parsed ? *parsed : Value{std::string(raw), place};
    }
}

} // namespace phyll::config
