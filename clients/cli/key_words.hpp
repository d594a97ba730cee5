#pragma once

#include <phyll/v1/admin.pb.h>

#include <string>
#include <vector>

namespace phyll::cli {

/// "viewer", "operator", "admin".
[[nodiscard]] std::string name_of(v1::Role role);
/// The role of that name; throws INVALID_ARGUMENT.
[[nodiscard]] v1::Role role_called(const std::string& name);

/// The host of "tcp://HOST:PORT", without brackets.
[[nodiscard]] std::string host_of(const std::string& endpoint);
/// Whether nobody on another machine gets to an endpoint.
[[nodiscard]] bool is_of_this_machine(const std::string& endpoint);
/// An endpoint as others connect to it: one of all the addresses of a machine becomes that of
/// `host`.
[[nodiscard]] std::string endpoint_for_others(const std::string& endpoint, const std::string& host);

/// What the owner of a key that was added types to get to phylld, a line each, for people. Of an
/// answer that came from the machine `host`.
[[nodiscard]] std::vector<std::string> how_to_connect(const v1::AddKeyReply& reply,
                                                      const std::string& host);

} // namespace phyll::cli
