#include "daemon/rpc/services/in_short.hpp"

#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace phyll::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::size_t longest_value = 60;
constexpr std::size_t longest_line = 200;
/// Messages within messages that are looked into.
constexpr int deepest = 2;

/// Without control characters, at most `longest` bytes of it.
std::string on_one_line(std::string text, std::size_t longest) {
    std::ranges::replace_if(
        text, [](unsigned char letter) { return std::iscntrl(letter) != 0; }, ' ');
    if (text.size() > longest) {
        std::size_t end = longest - 3;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
            --end; // not in the middle of a character
        }
        text.resize(end);
        text += "...";
    }
    return text;
}

/// Empty for what is left out.
std::string value_of(const Message& message, const FieldDescriptor& field) {
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
        return field.type() == FieldDescriptor::TYPE_BYTES
                   ? std::string()
                   : on_one_line(utf8(reflection.GetString(message, &field)), longest_value);
    case FieldDescriptor::CPPTYPE_BOOL:
        return reflection.GetBool(message, &field) ? "yes" : "no";
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return fmt::format("{:g}", reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
        return fmt::format("{}", reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
        return fmt::format("{}", reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
        return fmt::format("{}", reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
        return fmt::format("{}", reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
        return reflection.GetEnum(message, &field)->name();
    default:
        return {};
    }
}

std::string texts_of(const Message& message, const FieldDescriptor& field) {
    std::vector<std::string> texts;
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < std::min(reflection.FieldSize(message, &field), 8); ++i) {
        texts.push_back(
            on_one_line(utf8(reflection.GetRepeatedString(message, &field, i)), longest_value));
    }
    return fmt::format("{}", fmt::join(texts, " "));
}

void add(std::vector<std::string>& parts, const Message& message, int depth) {
    const google::protobuf::Reflection& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> set;
    reflection.ListFields(message, &set);
    for (const FieldDescriptor* field : set) {
        std::string value;
        if (field->is_repeated()) {
            if (field->type() == FieldDescriptor::TYPE_STRING) {
                value = texts_of(message, *field);
            }
        } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
            value = value_of(message, *field);
        } else if (depth < deepest) {
            add(parts, reflection.GetMessage(message, field), depth + 1);
        }
        if (!value.empty()) {
            parts.push_back(fmt::format("{} {}", field->name(), value));
        }
    }
}

} // namespace

std::string in_short(const google::protobuf::Message& request) {
    std::vector<std::string> parts;
    add(parts, request, 0);
    return on_one_line(fmt::format("{}", fmt::join(parts, ", ")), longest_line);
}

} // namespace phyll::rpc
