#include "daemon/config/rules.hpp"

#include "daemon/config/nearest.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace phyll::config {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

struct Range {
    std::optional<double> min;
    std::optional<double> max;
};

/// What the type can hold. 64-bit types have no upper end that a person would want to read, nor
/// one that a number in a file could exceed.
Range range_of_type(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
        return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    case FieldDescriptor::CPPTYPE_UINT32:
        return {0.0, std::numeric_limits<std::uint32_t>::max()};
    case FieldDescriptor::CPPTYPE_UINT64:
        return {0.0, std::nullopt};
    default:
        return {};
    }
}

Range range_of(const FieldDescriptor& field) {
    const v1::FieldRule& rule = rule_of(field);
    Range range = range_of_type(field);
    if (rule.has_min()) {
        range.min = rule.min();
    }
    if (rule.has_max()) {
        range.max = rule.max();
    }
    return range;
}

/// "valid is 1 to 1000000", "valid is more than 0, at most 10 Hz".
std::string valid_range(const FieldDescriptor& field) {
    const std::string& unit = rule_of(field).unit();
    return fmt::format("valid is {}{}{}", range_in_words(field), unit.empty() ? "" : " ", unit);
}

std::optional<std::string> violation_of_number(const FieldDescriptor& field, const Scalar& value,
                                               double number) {
    if (!std::isfinite(number)) {
        return fmt::format("{}; a finite number is expected", shown(value));
    }
    const Range range = range_of(field);
    const bool too_small =
        range.min && (rule_of(field).exclusive_min() ? number <= *range.min : number < *range.min);
    const bool too_large = range.max && number > *range.max;
    if (too_small || too_large) {
        return fmt::format("{}; {}", shown(value), valid_range(field));
    }
    return std::nullopt;
}

std::optional<std::string> violation_of_text(const FieldDescriptor& field,
                                             const std::string& text) {
    const auto& one_of = rule_of(field).one_of();
    if (one_of.empty() || std::ranges::find(one_of, text) != one_of.end()) {
        return std::nullopt;
    }
    return no_such_choice(text, std::vector<std::string>(one_of.begin(), one_of.end()));
}

} // namespace

const v1::FieldRule& rule_of(const FieldDescriptor& field) {
    return field.options().GetExtension(v1::rule);
}

std::string range_in_words(const FieldDescriptor& field) {
    const auto [min, max] = range_of(field);
    if (min && rule_of(field).exclusive_min()) {
        return fmt::format("more than {}", *min) + (max ? fmt::format(", at most {}", *max) : "");
    }
    if (min && max) {
        return fmt::format("{} to {}", *min, *max);
    }
    if (min) {
        return fmt::format("{} or more", *min);
    }
    return max ? fmt::format("at most {}", *max) : "";
}

std::optional<std::string> violation_of(const FieldDescriptor& field, const Scalar& value) {
    if (const auto* real = std::get_if<double>(&value)) {
        return violation_of_number(field, value, *real);
    }
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        return violation_of_number(field, value, static_cast<double>(*integer));
    }
    if (const auto* count = std::get_if<std::uint64_t>(&value)) {
        return violation_of_number(field, value, static_cast<double>(*count));
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        return violation_of_text(field, *text);
    }
    return std::nullopt;
}

std::optional<std::string> misplacement_of(const Message& message, const FieldDescriptor& field) {
    const auto& rule_kinds = rule_of(field).of_kinds();
    if (rule_kinds.empty()) {
        return std::nullopt;
    }
    const FieldDescriptor* kind_field = message.GetDescriptor()->FindFieldByName("kind");
    if (kind_field == nullptr) {
        throw Error(Code::internal, fmt::format("{}: the rule names kinds, but the message has no "
                                                "field 'kind'; correct the .proto file",
                                                field.full_name()));
    }
    std::string kind = message.GetReflection()->GetString(message, kind_field);
    if (kind.empty()) {
        kind = rule_of(*kind_field).default_();
    }
    const std::vector<std::string> kinds(rule_kinds.begin(), rule_kinds.end());
    const bool belongs = std::ranges::find(kinds, kind) != kinds.end();
    if (belongs || kind.empty() || violation_of_text(*kind_field, kind)) {
        return std::nullopt;
    }
    return fmt::format("means nothing for kind {}; it belongs to {}", in_quotes(kind),
                       listed(kinds));
}

} // namespace phyll::config
