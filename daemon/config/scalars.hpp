#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace phyll::config {

/// The value of one field that is no message. Signed integers are int64_t, unsigned ones uint64_t,
/// float is double, bytes are std::string and an enum value is its name as `enum_names` gives it.
using Scalar = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;

/// The names of an enum's values in files: lower case, without the enum's own name in front and
/// without the value that stands for "not given".
[[nodiscard]] std::vector<std::string> enum_names(const google::protobuf::EnumDescriptor& type);

/// Reads a text as a value of the field's type; nothing when it is none.
[[nodiscard]] std::optional<Scalar> parse_scalar(const google::protobuf::FieldDescriptor& field,
                                                 const std::string& text);

/// Sets a singular field or appends to a repeated one. The alternative that `value` holds is the
/// field's own, and it fits into the field's type.
void put(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
         const Scalar& value);

/// The values of a field: all of a repeated one, the one of any other (its type's zero when it was
/// not given).
[[nodiscard]] std::vector<Scalar> scalars_of(const google::protobuf::Message& message,
                                             const google::protobuf::FieldDescriptor& field);

/// The value for use inside a message; texts in quotes.
[[nodiscard]] std::string shown(const Scalar& value);

} // namespace phyll::config
