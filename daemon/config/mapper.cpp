#include "daemon/config/mapper.hpp"

#include "daemon/config/nearest.hpp"
#include "daemon/config/rules.hpp"
#include "daemon/config/scalars.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace phyll::config {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

/// A value and its type as a message says them: "'many' is a string", "a table".
std::string described(const Value& value) {
    return std::visit(
        Overloaded{
            [](bool flag) { return fmt::format("{} is a boolean", flag); },
            [](std::int64_t number) { return fmt::format("{} is an integer", number); },
            [](double number) { return fmt::format("{} is a float", number); },
            [](const std::string& text) { return quoted(text) + " is a string"; },
            [](const Moment& moment) { return moment.text + " is a date or time"; },
            [](const Array&) { return std::string("an array"); },
            [](const Table&) { return std::string("a table"); },
        },
        value.content);
}

std::string_view expected(const FieldDescriptor& field) {
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
        return "true or false";
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
        return "an integer";
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return "a number";
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_STRING:
        return "a string";
    case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
    return "a table";
}

/// The value as the field's own type; nothing when the TOML type is a wrong one. Integers of an
/// unsigned field stay signed when they are negative: then they are not in its range.
std::optional<Scalar> converted(const Value& value, const FieldDescriptor& field) {
    const auto* integer = std::get_if<std::int64_t>(&value.content);
    const auto as = [&]<class T>(std::type_identity<T>) -> std::optional<Scalar> {
        const T* content = std::get_if<T>(&value.content);
        return content != nullptr ? std::optional<Scalar>(*content) : std::nullopt;
    };
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
        return as(std::type_identity<bool>{});
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
        return as(std::type_identity<std::int64_t>{});
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
        return integer != nullptr && *integer >= 0 ? Scalar(static_cast<std::uint64_t>(*integer))
                                                   : as(std::type_identity<std::int64_t>{});
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return integer != nullptr ? Scalar(static_cast<double>(*integer))
                                  : as(std::type_identity<double>{});
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_STRING:
        return as(std::type_identity<std::string>{});
    case FieldDescriptor::CPPTYPE_MESSAGE:
        break;
    }
    return std::nullopt;
}

class Mapper {
  public:
    Mapper(const OptionsResolver& resolver, Problems& problems)
        : resolver_(resolver), problems_(problems) {}

    void map_table(const Table& table, Message& message, const std::string& path);

  private:
    void map_field(const Value& value, const FieldDescriptor& field, Message& message,
                   const std::string& path);
    void map_repeated(const Value& value, const FieldDescriptor& field, Message& message,
                      const std::string& path);
    void map_one(const Value& value, const FieldDescriptor& field, Message& message,
                 const std::string& path);
    void map_scalar(const Value& value, const FieldDescriptor& field, Message& message,
                    const std::string& path);
    void map_options(const Value& value, const KindFields& fields, Message& message,
                     const std::string& path);
    void unknown_key(const Member& member, const Descriptor& type, const std::string& path);

    const OptionsResolver& resolver_;
    Problems& problems_;
};

void Mapper::map_table(const Table& table, Message& message, const std::string& path) {
    const Descriptor& type = *message.GetDescriptor();
    const auto kind = kind_fields(type);
    const Value* options = nullptr;
    for (const Member& member : table.members) {
        const FieldDescriptor* field = type.FindFieldByName(member.key);
        if (field == nullptr) {
            unknown_key(member, type, path);
        } else if (kind && field == kind->options) {
            options = &member.value;
        } else {
            map_field(member.value, *field, message, member_path(path, member.key));
        }
    }
    if (options != nullptr) { // now that the kind is known
        map_options(*options, *kind, message, member_path(path, kind->options->name()));
    }
}

void Mapper::map_field(const Value& value, const FieldDescriptor& field, Message& message,
                       const std::string& path) {
    problems_.remember(path, value.place);
    if (field.is_repeated()) {
        map_repeated(value, field, message, path);
    } else {
        map_one(value, field, message, path);
    }
}

void Mapper::map_repeated(const Value& value, const FieldDescriptor& field, Message& message,
                          const std::string& path) {
    const auto* array = std::get_if<Array>(&value.content);
    if (array == nullptr) {
        const bool tables = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
        const std::string form = tables ? fmt::format("an array of tables ([[{}]])", field.name())
                                        : std::string("an array");
        problems_.add(path, fmt::format("{}; {} is expected", described(value), form));
        return;
    }
    for (std::size_t i = 0; i < array->size(); ++i) {
        const std::string entry = item_path(path, i);
        problems_.remember(entry, (*array)[i].place);
        map_one((*array)[i], field, message, entry);
    }
}

void Mapper::map_one(const Value& value, const FieldDescriptor& field, Message& message,
                     const std::string& path) {
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        map_scalar(value, field, message, path);
        return;
    }
    const Reflection& reflection = *message.GetReflection();
    // Added even when the value is wrong, so that entries keep the indices that they have in the
    // file.
    Message& part = field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                        : *reflection.MutableMessage(&message, &field);
    if (const auto* table = std::get_if<Table>(&value.content)) {
        map_table(*table, part, path);
    } else {
        problems_.add(path, fmt::format("{}; a table is expected", described(value)));
    }
}

void Mapper::map_scalar(const Value& value, const FieldDescriptor& field, Message& message,
                        const std::string& path) {
    const auto scalar = converted(value, field);
    if (!scalar) {
        problems_.add(path, fmt::format("{}; {} is expected", described(value), expected(field)));
        return;
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
        const auto& name = std::get<std::string>(*scalar);
        if (!parse_scalar(field, name)) {
            problems_.add(path, no_such_choice(name, enum_names(*field.enum_type())));
            return;
        }
    }
    if (const auto violation = violation_of(field, *scalar)) {
        problems_.add(path, *violation);
        return;
    }
    put(message, field, *scalar);
}

void Mapper::map_options(const Value& value, const KindFields& fields, Message& message,
                         const std::string& path) {
    problems_.remember(path, value.place);
    const auto* table = std::get_if<Table>(&value.content);
    if (table == nullptr) {
        problems_.add(path, fmt::format("{}; a table is expected", described(value)));
        return;
    }
    const std::unique_ptr<Message> options =
        resolver_.make(message.GetDescriptor()->full_name(), kind_of(message, fields));
    if (options) { // if not, the kind is what is wrong, which `validate` says
        map_table(*table, *options, path);
        mutable_packed_options(message, fields).PackFrom(*options);
    }
}

void Mapper::unknown_key(const Member& member, const Descriptor& type, const std::string& path) {
    std::vector<std::string> keys;
    for (int i = 0; i < type.field_count(); ++i) {
        keys.push_back(type.field(i)->name());
    }
    std::string sentence = "unknown key " + quoted(member.key);
    if (const std::string* meant = nearest(member.key, keys)) {
        sentence += fmt::format("; did you mean {}?", quoted(*meant));
    } else if (keys.empty()) {
        sentence += "; there is nothing to set here";
    } else {
        sentence += fmt::format("; valid keys are {}", listed(keys));
    }
    problems_.add_at(member.value.place, member_path(path, member.key), sentence);
}

} // namespace

void map_document(const Table& document, const OptionsResolver& resolver, Problems& problems,
                  Message& out) {
    Mapper(resolver, problems).map_table(document, out, "");
}

} // namespace phyll::config
