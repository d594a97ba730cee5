#pragma once

#include "daemon/rpc/call.hpp"

#include <google/protobuf/descriptor.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace phyll::rpc {

/// Which code answers which method: one table, made from the service descriptors of the .proto
/// files and checked against them when a handler is added.
class Dispatcher {
  public:
    using Handler = std::function<void(const std::shared_ptr<Call>&)>;

    struct Method {
        const google::protobuf::MethodDescriptor* descriptor = nullptr;
        v1::Role role = v1::ROLE_UNSPECIFIED;
        Exchange exchange = Exchange::unary;
        bool always_served = false; ///< beyond a client's limits, too
        Handler handler;            ///< empty: UNIMPLEMENTED
    };

    /// Knows every method of every service, none of them implemented. Throws INTERNAL when a method
    /// states no role, or has an exchange that there is not.
    Dispatcher();

    /// Answers `method` ("phyll.v1.Lab/Describe") at once with what `handle` returns; what it
    /// throws is sent as status.
    template <class Request, class Reply>
    void answer(const std::string& method,
                std::function<Reply(const Request&, const Call&)> handle) {
        add(method, *Request::descriptor(), *Reply::descriptor(), Exchange::unary,
            [handle = std::move(handle)](const std::shared_ptr<Call>& call) {
                Request request;
                call->read_body(request);
                call->reply(handle(request, *call));
            });
    }

    /// Hands the call over: `handle` finishes it, now or later, or throws before it returns.
    template <class Request, class Reply>
    void serve(const std::string& method,
               std::function<void(const Request&, const std::shared_ptr<Call>&)> handle) {
        add(method, *Request::descriptor(), *Reply::descriptor(), Exchange::unary,
            adapt(std::move(handle)));
    }

    /// The same for a streaming method.
    template <class Request, class Item>
    void stream(const std::string& method,
                std::function<void(const Request&, const std::shared_ptr<Call>&)> handle) {
        add(method, *Request::descriptor(), *Item::descriptor(), Exchange::stream,
            adapt(std::move(handle)));
    }

    /// The same for a method that both sides send items for: `handle` gets the request, and hears
    /// of the client's items by the call's `when_item`.
    template <class Request, class Item>
    void converse(const std::string& method,
                  std::function<void(const Request&, const std::shared_ptr<Call>&)> handle) {
        add(method, *Request::descriptor(), *Item::descriptor(), Exchange::conversation,
            adapt(std::move(handle)));
    }

    /// Null for a name that is no method.
    [[nodiscard]] const Method* find(const std::string& method) const;
    [[nodiscard]] const std::map<std::string, Method>& methods() const noexcept { return methods_; }

  private:
    template <class Request>
    static Handler adapt(std::function<void(const Request&, const std::shared_ptr<Call>&)> handle) {
        return [handle = std::move(handle)](const std::shared_ptr<Call>& call) {
            Request request;
            call->read_body(request);
            handle(request, call);
        };
    }

    void add(const std::string& method, const google::protobuf::Descriptor& request,
             const google::protobuf::Descriptor& reply, Exchange exchange, Handler handler);

    std::map<std::string, Method> methods_;
};

} // namespace phyll::rpc
