#include "daemon/config/defaults.hpp"

#include "daemon/config/rules.hpp"
#include "daemon/config/scalars.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

namespace phyll::config {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

bool is_message(const FieldDescriptor& field) {
    return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
}

bool has_defaults(const Descriptor& type);

/// Whether a message is made for a field that was not given.
bool is_created(const FieldDescriptor& field) {
    return is_message(field) && !field.is_repeated() && !field.has_optional_keyword() &&
           field.real_containing_oneof() == nullptr && !rule_of(field).required() &&
           has_defaults(*field.message_type());
}

/// Whether an empty message of the type would get anything from `apply_defaults`.
bool has_defaults(const Descriptor& type) {
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        if (is_message(field) ? is_created(field) : !rule_of(field).default_().empty()) {
            return true;
        }
    }
    return false;
}

void set_default(Message& message, const FieldDescriptor& field) {
    const std::string& text = rule_of(field).default_();
    const auto value = parse_scalar(field, text);
    if (!value) {
        throw Error(Code::internal, fmt::format("{}: the rule's default '{}' is no value of the "
                                                "field's type; correct the .proto file",
                                                field.full_name(), text));
    }
    put(message, field, *value);
}

void default_scalar(Message& message, const FieldDescriptor& field) {
    const bool can_be_absent = field.has_optional_keyword();
    if (can_be_absent && !rule_of(field).default_().empty() && !misplacement_of(message, field) &&
        !message.GetReflection()->HasField(message, &field)) {
        set_default(message, field);
    }
}

void default_messages(Message& message, const FieldDescriptor& field,
                      const OptionsResolver& resolver) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
        for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
            apply_defaults(*reflection.MutableRepeatedMessage(&message, &field, i), resolver);
        }
    } else if (reflection.HasField(message, &field) || is_created(field)) {
        apply_defaults(*reflection.MutableMessage(&message, &field), resolver);
    }
}

void default_options(Message& message, const KindFields& fields, const OptionsResolver& resolver) {
    if (const auto options = unpack_options(message, fields, resolver)) {
        apply_defaults(*options, resolver);
        mutable_packed_options(message, fields).PackFrom(*options);
    }
}

} // namespace

void apply_defaults(Message& message, const OptionsResolver& resolver) {
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        if (is_message(field)) {
            default_messages(message, field, resolver);
        } else {
            default_scalar(message, field);
        }
    }
    if (const auto fields = kind_fields(type)) {
        default_options(message, *fields, resolver);
    }
}

} // namespace phyll::config
