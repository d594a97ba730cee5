#include "daemon/runs/plain_json.hpp"

#include "drivers/core/hex.hpp"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <span>
#include <string>

namespace phyll::runs {
namespace {

using google::protobuf::Any;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;

nlohmann::json unpacked(const Any& any) {
    const std::string type = any.type_url().substr(any.type_url().rfind('/') + 1);
    if (const auto* descriptor = DescriptorPool::generated_pool()->FindMessageTypeByName(type)) {
        const std::unique_ptr<Message> message(
            MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
        if (message->ParseFromString(any.value())) {
            return plain_json(*message);
        }
    }
    return {{"type", type}, {"bytes", to_hex(std::as_bytes(std::span(any.value())))}};
}

/// The value of a singular field, or of entry `index` of a repeated one.
nlohmann::json value_of(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    const auto get = [&](auto repeated, auto singular) {
        return index >= 0 ? (reflection.*repeated)(message, &field, index)
                          : (reflection.*singular)(message, &field);
    };
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
        return get(&Reflection::GetRepeatedInt32, &Reflection::GetInt32);
    case FieldDescriptor::CPPTYPE_INT64:
        return get(&Reflection::GetRepeatedInt64, &Reflection::GetInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
        return get(&Reflection::GetRepeatedUInt32, &Reflection::GetUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
        return get(&Reflection::GetRepeatedUInt64, &Reflection::GetUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
        return get(&Reflection::GetRepeatedDouble, &Reflection::GetDouble);
    case FieldDescriptor::CPPTYPE_FLOAT:
        return get(&Reflection::GetRepeatedFloat, &Reflection::GetFloat);
    case FieldDescriptor::CPPTYPE_BOOL:
        return get(&Reflection::GetRepeatedBool, &Reflection::GetBool);
    case FieldDescriptor::CPPTYPE_ENUM:
        return get(&Reflection::GetRepeatedEnum, &Reflection::GetEnum)->name();
    case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = get(&Reflection::GetRepeatedString, &Reflection::GetString);
        return field.type() == FieldDescriptor::TYPE_BYTES ? to_hex(std::as_bytes(std::span(text)))
                                                           : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
        return plain_json(index >= 0 ? reflection.GetRepeatedMessage(message, &field, index)
                                     : reflection.GetMessage(message, &field));
    }
    return nullptr;
}

/// Whether a singular field says something.
bool is_given(const Message& message, const FieldDescriptor& field) {
    const bool number = field.cpp_type() != FieldDescriptor::CPPTYPE_STRING;
    return (number && !field.has_presence()) || message.GetReflection()->HasField(message, &field);
}

} // namespace

nlohmann::json plain_json(const Message& message) {
    if (message.GetDescriptor() == Any::descriptor()) {
        return unpacked(dynamic_cast<const Any&>(message));
    }
    nlohmann::json out = nlohmann::json::object();
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
        const FieldDescriptor& field = *message.GetDescriptor()->field(i);
        if (field.is_repeated()) {
            const int size = message.GetReflection()->FieldSize(message, &field);
            for (int k = 0; k < size; ++k) {
                out[field.name()].push_back(value_of(message, field, k));
            }
        } else if (is_given(message, field)) {
            out[field.name()] = value_of(message, field, -1);
        }
    }
    return out;
}

} // namespace phyll::runs
