#include "daemon/config/scalars.hpp"

#include "daemon/config/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace phyll::config {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

/// "RunState": "RUN_STATE_", the prefix that protobuf's style asks an enum's values to have.
std::string value_prefix(const EnumDescriptor& type) {
    std::string prefix;
    for (const char c : type.name()) {
        const bool starts_word = c >= 'A' && c <= 'Z';
        if (starts_word && !prefix.empty()) {
            prefix += '_';
        }
        prefix += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return prefix + '_';
}

std::string name_in_files(const EnumValueDescriptor& value) {
    const std::string prefix = value_prefix(*value.type());
    std::string name = value.name();
    if (name.starts_with(prefix)) {
        name.erase(0, prefix.size());
    }
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

const EnumValueDescriptor* find_value(const EnumDescriptor& type, std::string_view name) {
    for (int i = 0; i < type.value_count(); ++i) {
        if (name_in_files(*type.value(i)) == name) {
            return type.value(i);
        }
    }
    return nullptr;
}

template <class Number>
std::optional<Scalar> parse_number(const std::string& text) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stop == end ? std::optional<Scalar>(number) : std::nullopt;
}

std::optional<Scalar> parse_bool(const std::string& text) {
    return text == "true" || text == "false" ? std::optional<Scalar>(text == "true") : std::nullopt;
}

/// The value of a singular field, or the one at `index` of a repeated one.
Scalar scalar_at(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& r = *message.GetReflection();
    const bool repeated = field.is_repeated();
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
        return repeated ? r.GetRepeatedBool(message, &field, index) : r.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
        return std::int64_t{repeated ? r.GetRepeatedInt32(message, &field, index)
                                     : r.GetInt32(message, &field)};
    case FieldDescriptor::CPPTYPE_INT64:
        return repeated ? r.GetRepeatedInt64(message, &field, index) : r.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
        return std::uint64_t{repeated ? r.GetRepeatedUInt32(message, &field, index)
                                      : r.GetUInt32(message, &field)};
    case FieldDescriptor::CPPTYPE_UINT64:
        return repeated ? r.GetRepeatedUInt64(message, &field, index)
                        : r.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
        return double{repeated ? r.GetRepeatedFloat(message, &field, index)
                               : r.GetFloat(message, &field)};
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return repeated ? r.GetRepeatedDouble(message, &field, index)
                        : r.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
        return name_in_files(repeated ? *r.GetRepeatedEnum(message, &field, index)
                                      : *r.GetEnum(message, &field));
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
    return repeated ? r.GetRepeatedString(message, &field, index) : r.GetString(message, &field);
}

} // namespace

std::vector<std::string> enum_names(const EnumDescriptor& type) {
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i) {
        const std::string name = name_in_files(*type.value(i));
        if (name != "unspecified") {
            names.push_back(name);
        }
    }
    return names;
}

std::optional<Scalar> parse_scalar(const FieldDescriptor& field, const std::string& text) {
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
        return parse_bool(text);
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
        return parse_number<std::int64_t>(text);
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
        return parse_number<std::uint64_t>(text);
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return parse_number<double>(text);
    case FieldDescriptor::CPPTYPE_ENUM:
        return find_value(*field.enum_type(), text) != nullptr ? std::optional<Scalar>(text)
                                                               : std::nullopt;
    case FieldDescriptor::CPPTYPE_STRING:
        return text;
    case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
    return std::nullopt;
}

void put(Message& message, const FieldDescriptor& field, const Scalar& value) {
    const Reflection& r = *message.GetReflection();
    const auto store = [&](auto set, auto add, auto content) {
        std::invoke(field.is_repeated() ? add : set, r, &message, &field, std::move(content));
    };
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
        return store(&Reflection::SetBool, &Reflection::AddBool, std::get<bool>(value));
    case FieldDescriptor::CPPTYPE_INT32:
        return store(&Reflection::SetInt32, &Reflection::AddInt32,
                     static_cast<std::int32_t>(std::get<std::int64_t>(value)));
    case FieldDescriptor::CPPTYPE_INT64:
        return store(&Reflection::SetInt64, &Reflection::AddInt64, std::get<std::int64_t>(value));
    case FieldDescriptor::CPPTYPE_UINT32:
        return store(&Reflection::SetUInt32, &Reflection::AddUInt32,
                     static_cast<std::uint32_t>(std::get<std::uint64_t>(value)));
    case FieldDescriptor::CPPTYPE_UINT64:
        return store(&Reflection::SetUInt64, &Reflection::AddUInt64,
                     std::get<std::uint64_t>(value));
    case FieldDescriptor::CPPTYPE_FLOAT:
        return store(&Reflection::SetFloat, &Reflection::AddFloat,
                     static_cast<float>(std::get<double>(value)));
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return store(&Reflection::SetDouble, &Reflection::AddDouble, std::get<double>(value));
    case FieldDescriptor::CPPTYPE_ENUM:
        return store(&Reflection::SetEnum, &Reflection::AddEnum,
                     find_value(*field.enum_type(), std::get<std::string>(value)));
    case FieldDescriptor::CPPTYPE_STRING:
        return store(&Reflection::SetString, &Reflection::AddString, std::get<std::string>(value));
    case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
}

std::vector<Scalar> scalars_of(const Message& message, const FieldDescriptor& field) {
    const int count = field.is_repeated() ? message.GetReflection()->FieldSize(message, &field) : 1;
    std::vector<Scalar> values;
    for (int i = 0; i < count; ++i) {
        values.push_back(scalar_at(message, field, i));
    }
    return values;
}

std::string shown(const Scalar& value) {
    return std::visit(
        [](const auto& content) {
            if constexpr (std::is_same_v<std::decay_t<decltype(content)>, std::string>) {
                return quoted(content);
            } else {
                return fmt::format("{}", content);
            }
        },
        value);
}

} // namespace phyll::config
