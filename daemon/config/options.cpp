#include "daemon/config/options.hpp"

#include "daemon/config/rules.hpp"

namespace phyll::config {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::optional<KindFields> kind_fields(const Descriptor& type) {
    const FieldDescriptor* kind = type.FindFieldByName("kind");
    const FieldDescriptor* options = type.FindFieldByName("options");
    const bool is_of_a_kind = kind != nullptr && kind->type() == FieldDescriptor::TYPE_STRING &&
                              !kind->is_repeated() && options != nullptr &&
                              !options->is_repeated() &&
                              options->message_type() == Any::descriptor();
    return is_of_a_kind ? std::optional<KindFields>({kind, options}) : std::nullopt;
}

std::string kind_of(const Message& message, const KindFields& fields) {
    const auto* reflection = message.GetReflection();
    return reflection->HasField(message, fields.kind) ? reflection->GetString(message, fields.kind)
                                                      : rule_of(*fields.kind).default_();
}

const Any& packed_options(const Message& message, const KindFields& fields) {
    return dynamic_cast<const Any&>(message.GetReflection()->GetMessage(message, fields.options));
}

Any& mutable_packed_options(Message& message, const KindFields& fields) {
    return dynamic_cast<Any&>(*message.GetReflection()->MutableMessage(&message, fields.options));
}

std::unique_ptr<Message> unpack_options(const Message& message, const KindFields& fields,
                                        const OptionsResolver& resolver) {
    std::unique_ptr<Message> options =
        resolver.make(message.GetDescriptor()->full_name(), kind_of(message, fields));
    const Any& packed = packed_options(message, fields);
    if (options && !packed.type_url().empty() && !packed.UnpackTo(options.get())) {
        options.reset();
    }
    return options;
}

} // namespace phyll::config
