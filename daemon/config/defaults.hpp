#pragma once

#include "daemon/config/options.hpp"

#include <google/protobuf/message.h>

namespace phyll::config {

/// Fills in what was not given, so that whoever receives the message finds everything in it:
/// - a field that is `optional` and whose rule has a default gets that default, unless it means
///   nothing for the message's kind: what is found there was given;
/// - a message field gets a message, when it is singular, neither `optional`, required nor part of
///   a oneof, and its type has something to default. (Absent means "as usual" for such a field;
///   for an `optional` one it means "none".)
/// - a message of a kind that exists gets its kind's options;
/// and so on inside every message that is there then: singular, repeated, or packed as options.
/// Options that do not belong to the kind are left as they are; `validate` reports them.
///
/// Message types must not contain themselves. Applying the defaults twice changes nothing.
void apply_defaults(google::protobuf::Message& message, const OptionsResolver& resolver);

} // namespace phyll::config
