#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace phyll::rpc {

/// What a request asks for, for people who read records: "rig cavity, note smoke". Bytes (tokens of
/// leases, hashes) are left out, lists of numbers too; it is one line of at most 200 bytes, in
/// UTF-8.
[[nodiscard]] std::string in_short(const google::protobuf::Message& request);

} // namespace phyll::rpc
