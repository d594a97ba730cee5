#include "daemon/rpc/dispatcher.hpp"

#include <phyll/v1/admin.pb.h>
#include <phyll/v1/data.pb.h>
#include <phyll/v1/groups.pb.h>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

#include <fmt/format.h>

#include <array>

namespace phyll::rpc {
namespace {

/// Each file that holds services, found through one of its messages so that it is linked in.
std::array<const google::protobuf::FileDescriptor*, 7> service_files() {
    return {v1::ListKeysRequest::descriptor()->file(), v1::ListDataRequest::descriptor()->file(),
            v1::DescribeRequest::descriptor()->file(), v1::ListLeasesRequest::descriptor()->file(),
            v1::QueryRequest::descriptor()->file(),    v1::ListRunsRequest::descriptor()->file(),
            v1::GroupRequest::descriptor()->file()};
}

Exchange exchange_of(const google::protobuf::MethodDescriptor& method) {
    if (method.client_streaming() && !method.server_streaming()) {
        throw Error(Code::internal, method.full_name() +
                                        " takes a stream and answers without one, which there is "
                                        "no exchange for");
    }
    if (method.client_streaming()) {
        return Exchange::conversation;
    }
    return method.server_streaming() ? Exchange::stream : Exchange::unary;
}

} // namespace

Dispatcher::Dispatcher() {
    for (const google::protobuf::FileDescriptor* file : service_files()) {
        for (int s = 0; s < file->service_count(); ++s) {
            const google::protobuf::ServiceDescriptor& service = *file->service(s);
            for (int m = 0; m < service.method_count(); ++m) {
                const google::protobuf::MethodDescriptor* method = service.method(m);
                const std::string name = fmt::format("{}/{}", service.full_name(), method->name());
                const v1::Role role = method->options().GetExtension(v1::role);
                if (role == v1::ROLE_UNSPECIFIED) {
                    throw Error(Code::internal, name + " states no role");
                }
                methods_[name] = {method, role, exchange_of(*method),
                                  method->options().GetExtension(v1::always_served), nullptr};
            }
        }
    }
}

const Dispatcher::Method* Dispatcher::find(const std::string& method) const {
    const auto found = methods_.find(method);
    return found == methods_.end() ? nullptr : &found->second;
}

void Dispatcher::add(const std::string& method, const google::protobuf::Descriptor& request,
                     const google::protobuf::Descriptor& reply, Exchange exchange,
                     Handler handler) {
    const auto found = methods_.find(method);
    if (found == methods_.end()) {
        throw Error(Code::internal, method + " is in no service");
    }
    const google::protobuf::MethodDescriptor& descriptor = *found->second.descriptor;
    if (descriptor.input_type() != &request || descriptor.output_type() != &reply ||
        found->second.exchange != exchange) {
        throw Error(Code::internal,
                    method + " is declared with other types than it is handled with");
    }
    found->second.handler = std::move(handler);
}

} // namespace phyll::rpc
