#pragma once

#include "daemon/config/options.hpp"
#include "daemon/config/problems.hpp"

#include <google/protobuf/message.h>

namespace phyll::config {

/// Checks a message by the rules in its .proto: required, min, max, exclusive_min, one_of, that
/// what is given means something for the message's kind, that numbers are finite, that kinds exist
/// and options belong to their kind; and so on inside every message in it, packed options included.
///
/// An `optional` field that was not given is checked for nothing but `required`. A number that is
/// not `optional` is always a value; a text that is not `optional` is given unless it is empty.
/// A repeated field that is required needs an entry; the other rules hold for each entry.
void validate(const google::protobuf::Message& message, const OptionsResolver& resolver,
              Problems& problems);

} // namespace phyll::config
