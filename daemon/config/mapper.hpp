#pragma once

#include "daemon/config/document.hpp"
#include "daemon/config/options.hpp"
#include "daemon/config/problems.hpp"

#include <google/protobuf/message.h>

namespace phyll::config {

/// Maps a document onto a message by reflection:
///
/// | TOML | field |
/// |---|---|
/// | table | message |
/// | array of tables | repeated message |
/// | array | repeated scalar |
/// | integer | int32, int64, uint32, uint64 as far as it fits; double, float |
/// | float | double, float |
/// | boolean | bool |
/// | string | string, bytes, enum (by name, lower case) |
/// | table `options` beside `kind` | the message of that kind's options, packed |
///
/// Unknown keys, wrong types and numbers that do not fit are added to `problems`, and where every
/// field was written is remembered there; the other rules are for `validate`, defaults for
/// `apply_defaults`. A field with a problem is left unset.
void map_document(const Table& document, const OptionsResolver& resolver, Problems& problems,
                  google::protobuf::Message& out);

} // namespace phyll::config
