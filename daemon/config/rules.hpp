#pragma once

#include "daemon/config/scalars.hpp"

#include <phyll/v1/annotations.pb.h>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <optional>
#include <string>

namespace phyll::config {

/// The rule that a field carries in its .proto; an empty one when it carries none.
[[nodiscard]] const v1::FieldRule& rule_of(const google::protobuf::FieldDescriptor& field);

/// The numbers that are valid, without their unit: "1 to 1000000", "more than 0, at most 10",
/// "0 or more". Empty when every number is, and for what is no number.
[[nodiscard]] std::string range_in_words(const google::protobuf::FieldDescriptor& field);

/// What is wrong with a value of the field, with what would be valid:
/// "-3; valid is 1 to 10 Hz", "'gredy'; valid is 'greedy', 'simultaneous'; did you mean 'greedy'?".
/// Numbers that are not finite are always wrong.
[[nodiscard]] std::optional<std::string>
violation_of(const google::protobuf::FieldDescriptor& field, const Scalar& value);

/// Why the field means nothing in the message, whose `kind` is not one of those that the field's
/// rule names: "means nothing for kind 'idx'; it belongs to 'numpy'". Nothing for a field of all
/// kinds, and while the kind itself is not a valid one.
[[nodiscard]] std::optional<std::string>
misplacement_of(const google::protobuf::Message& message,
                const google::protobuf::FieldDescriptor& field);

} // namespace phyll::config
