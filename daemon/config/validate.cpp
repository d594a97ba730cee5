#include "daemon/config/validate.hpp"

#include "daemon/config/nearest.hpp"
#include "daemon/config/rules.hpp"
#include "daemon/config/scalars.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace phyll::config {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

/// One walk through a message.
class Validator {
  public:
    Validator(const OptionsResolver& resolver, Problems& problems)
        : resolver_(resolver), problems_(problems) {}

    void check(const Message& message, const std::string& path);

  private:
    void check_presence(const Message& message, const FieldDescriptor& field,
                        const std::string& path);
    void check_messages(const Message& message, const FieldDescriptor& field,
                        const std::string& path);
    void check_scalars(const Message& message, const FieldDescriptor& field,
                       const std::string& path);
    void check_kind(const Message& message, const KindFields& fields, const std::string& path);
    void check_options(const Message& message, const KindFields& fields, const Message& empty,
                       const std::string& path);

    const OptionsResolver& resolver_;
    Problems& problems_;
};

bool is_given(const Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
        return reflection.FieldSize(message, &field) > 0;
    }
    const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    return reflection.HasField(message, &field) &&
           !(is_text && reflection.GetString(message, &field).empty());
}

void Validator::check(const Message& message, const std::string& path) {
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        const std::string field_path = member_path(path, field.name());
        check_presence(message, field, field_path);
        if (const auto misplacement = misplacement_of(message, field);
            misplacement && is_given(message, field)) {
            problems_.add(field_path, *misplacement);
        } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            check_messages(message, field, field_path);
        } else {
            check_scalars(message, field, field_path);
        }
    }
    if (const auto fields = kind_fields(type)) {
        check_kind(message, *fields, path);
    }
}

void Validator::check_presence(const Message& message, const FieldDescriptor& field,
                               const std::string& path) {
    if (rule_of(field).required() && !is_given(message, field)) {
        problems_.add(path, "missing");
    }
}

void Validator::check_messages(const Message& message, const FieldDescriptor& field,
                               const std::string& path) {
    const Reflection& reflection = *message.GetReflection();
    if (field.is_repeated()) {
        for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
            check(reflection.GetRepeatedMessage(message, &field, i),
                  item_path(path, static_cast<std::size_t>(i)));
        }
    } else if (reflection.HasField(message, &field)) {
        check(reflection.GetMessage(message, &field), path);
    }
}

/// Whether a field holds a value to check, as opposed to nothing.
bool has_value(const Message& message, const FieldDescriptor& field) {
    const bool always =
        field.is_repeated() ||
        (!field.has_presence() && field.cpp_type() != FieldDescriptor::CPPTYPE_STRING);
    return always || message.GetReflection()->HasField(message, &field);
}

void Validator::check_scalars(const Message& message, const FieldDescriptor& field,
                              const std::string& path) {
    if (!has_value(message, field)) {
        return;
    }
    const std::vector<Scalar> values = scalars_of(message, field);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (const auto violation = violation_of(field, values[i])) {
            problems_.add(field.is_repeated() ? item_path(path, i) : path, *violation);
        }
    }
}

void Validator::check_kind(const Message& message, const KindFields& fields,
                           const std::string& path) {
    const std::string kind = kind_of(message, fields);
    const std::string& message_type = message.GetDescriptor()->full_name();
    if (kind.empty()) {
        return;
    }
    if (const auto empty = resolver_.make(message_type, kind)) {
        check_options(message, fields, *empty, path);
    } else {
        problems_.add(member_path(path, fields.kind->name()),
                      no_such_choice(kind, resolver_.kinds(message_type)));
    }
}

void Validator::check_options(const Message& message, const KindFields& fields,
                              const Message& empty, const std::string& path) {
    const std::string options_path = member_path(path, fields.options->name());
    const std::string& expected = empty.GetDescriptor()->full_name();
    if (const auto options = unpack_options(message, fields, resolver_)) {
        check(*options, options_path);
        return;
    }
    const std::string& type_url = packed_options(message, fields).type_url();
    const std::string packed = type_url.substr(type_url.rfind('/') + 1);
    if (packed == expected) {
        problems_.add(options_path, fmt::format("not readable as {}", expected));
    } else {
        problems_.add(options_path, fmt::format("a message {}; kind {} takes {}", quoted(packed),
                                                quoted(kind_of(message, fields)), expected));
    }
}

} // namespace

void validate(const Message& message, const OptionsResolver& resolver, Problems& problems) {
    Validator(resolver, problems).check(message, "");
}

} // namespace phyll::config
