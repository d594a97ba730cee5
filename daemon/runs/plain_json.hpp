#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json_fwd.hpp>

namespace phyll::runs {

/// A message as JSON that people compare: the field names of the .proto; every number, truth value
/// and enum (by name) there is, numbers as numbers; texts, lists and messages that were given. A
/// packed `google.protobuf.Any` is what it holds, without its type; one whose type this binary does
/// not know is {"type": ..., "bytes": hexadecimal}.
///
/// `dump()` of it is canonical: keys sorted, no spaces, numbers in the fewest digits that give them
/// back.
[[nodiscard]] nlohmann::json plain_json(const google::protobuf::Message& message);

} // namespace phyll::runs
