#include "daemon/config/problems.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace phyll::config {

namespace {

/// The field that `field` is a part of; "" for those of the message itself.
std::string_view enclosing(std::string_view field) {
    const std::size_t end = field.find_last_of(".[");
    return end == std::string_view::npos ? std::string_view{} : field.substr(0, end);
}

} // namespace

Problems::Problems(const std::string& file_name) {
    places_[""] = {.where = file_name, .line = 0};
}

void Problems::remember(const std::string& field, const Place& place) {
    places_.insert_or_assign(field, place);
}

void Problems::add(const std::string& field, const std::string& text) {
    if (is_reported(field)) {
        return;
    }
    const Place& place = place_of(field);
    const std::string named = field.empty() ? text : field + ": " + text;
    const std::string line = place.where.empty() ? named : place.where + ": " + named;
    found_.push_back({.field = field,
                      .description = place.where.empty() ? text : line,
                      .line_of_message = line,
                      .line = place.line});
}

void Problems::add_at(const Place& place, const std::string& field, const std::string& sentence) {
    const std::string line = place.where + ": " + sentence;
    found_.push_back(
        {.field = field, .description = line, .line_of_message = line, .line = place.line});
}

void Problems::throw_if_any() const {
    if (found_.empty()) {
        return;
    }
    std::vector<Problem> sorted = found_;
    std::ranges::stable_sort(sorted, {}, &Problem::line);
    std::string message;
    std::vector<FieldViolation> violations;
    for (const Problem& problem : sorted) {
        message += (message.empty() ? "" : "\n") + problem.line_of_message;
        violations.push_back({problem.field, problem.description});
    }
    throw Error(Code::invalid_argument, message, std::move(violations));
}

const Place& Problems::place_of(std::string_view field) const {
    auto found = places_.find(field);
    while (found == places_.end()) {
        field = enclosing(field);
        found = places_.find(field);
    }
    return found->second;
}

bool Problems::is_reported(std::string_view field) const {
    const auto covers = [&](std::string_view outer) {
        return std::ranges::any_of(found_, [&](const Problem& p) { return p.field == outer; });
    };
    while (!field.empty()) {
        if (covers(field)) {
            return true;
        }
        field = enclosing(field);
    }
    return covers("");
}

std::string member_path(std::string_view path, std::string_view key) {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

std::string item_path(std::string_view path, std::size_t index) {
    return fmt::format("{}[{}]", path, index);
}

std::string quoted(std::string_view text) {
    return in_quotes(text);
}

} // namespace phyll::config
