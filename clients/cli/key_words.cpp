#include "key_words.hpp"

#include "clients/cpp/endpoint.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace phyll::cli {
namespace {

struct NamedRole {
    std::string_view name;
    v1::Role role;
};

constexpr std::array<NamedRole, 3> roles{
    {{"viewer", v1::ROLE_VIEWER}, {"operator", v1::ROLE_OPERATOR}, {"admin", v1::ROLE_ADMIN}}};

} // namespace

std::string name_of(v1::Role role) {
    const auto found = std::ranges::find(roles, role, &NamedRole::role);
    return std::string(found == roles.end() ? "none" : found->name);
}

v1::Role role_called(const std::string& name) {
    const auto found = std::ranges::find(roles, name, &NamedRole::name);
    if (found == roles.end()) {
        throw invalid_field("--role", in_quotes(name) +
                                          "; valid is viewer (looks), operator (drives "
                                          "rigs, submits runs) or admin");
    }
    return found->role;
}

std::string host_of(const std::string& endpoint) {
    if (!endpoint.starts_with(tcp_scheme)) {
        return {};
    }
    std::string host = endpoint.substr(tcp_scheme.size());
    host = host.substr(0, host.rfind(':'));
    return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

bool is_of_this_machine(const std::string& endpoint) {
    const std::string host = host_of(endpoint);
    return host.empty() || host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string endpoint_for_others(const std::string& endpoint, const std::string& host) {
    const std::string bound = host_of(endpoint);
    if (bound != "0.0.0.0" && bound != "*" && bound != "::") {
        return endpoint;
    }
    return fmt::format("{}{}{}", tcp_scheme,
                       host.find(':') == std::string::npos ? host : "[" + host + "]",
                       endpoint.substr(endpoint.rfind(':')));
}

std::vector<std::string> how_to_connect(const v1::AddKeyReply& reply, const std::string& host) {
    if (reply.server_key().empty() || reply.endpoints().empty()) {
        return {"this phylld asks nobody for keys; docs/security.md says how it begins to"};
    }
    std::vector<std::string> lines{"to get here, on the machine that has the key:"};
    for (const std::string& endpoint : reply.endpoints()) {
        lines.push_back(fmt::format("  phyllctl lab add NAME --endpoint {} --server-key {}",
                                    endpoint_for_others(endpoint, host), reply.server_key()));
    }
    if (std::ranges::all_of(reply.endpoints(), is_of_this_machine)) {
        lines.emplace_back("phylld listens for this machine only; 'listen' in its configuration "
                           "lets others in (docs/security.md)");
    }
    return lines;
}

} // namespace phyll::cli
