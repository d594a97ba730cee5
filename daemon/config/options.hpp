#pragma once

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace phyll::config {

/// Knows which message holds the options of a kind of rig, of scheme, ... so that this room needs
/// to know none of them.
///
/// A message is *of a kind* when it has a field `kind` (string) and a field `options`
/// (google.protobuf.Any). The messages that hold options must not contain themselves, nor messages
/// that are of a kind.
class OptionsResolver {
  public:
    OptionsResolver() = default;
    OptionsResolver(const OptionsResolver&) = delete;
    OptionsResolver& operator=(const OptionsResolver&) = delete;
    virtual ~OptionsResolver() = default;

    /// An empty options message for that kind of `message_type` ("phyll.v1.RigConfig"); for a kind
    /// without options a google.protobuf.Empty. Null when there is no such kind.
    [[nodiscard]] virtual std::unique_ptr<google::protobuf::Message>
    make(const std::string& message_type, const std::string& kind) const = 0;

    /// The kinds for which `make` gives a message.
    [[nodiscard]] virtual std::vector<std::string> kinds(const std::string& message_type) const = 0;
};

/// The two fields that a message of a kind has.
struct KindFields {
    const google::protobuf::FieldDescriptor* kind = nullptr;
    const google::protobuf::FieldDescriptor* options = nullptr;
};

/// Nothing when messages of this type are not of a kind.
[[nodiscard]] std::optional<KindFields> kind_fields(const google::protobuf::Descriptor& type);

/// The message's kind: as given, else the default of its rule, else "".
[[nodiscard]] std::string kind_of(const google::protobuf::Message& message,
                                  const KindFields& fields);

/// The packed options of a message of a generated type.
[[nodiscard]] const google::protobuf::Any& packed_options(const google::protobuf::Message& message,
                                                          const KindFields& fields);
[[nodiscard]] google::protobuf::Any& mutable_packed_options(google::protobuf::Message& message,
                                                            const KindFields& fields);

/// The options of `message` in a message of its kind: an empty one when none are packed. Null when
/// the kind does not exist, and when what is packed is not for this kind or cannot be read.
[[nodiscard]] std::unique_ptr<google::protobuf::Message>
unpack_options(const google::protobuf::Message& message, const KindFields& fields,
               const OptionsResolver& resolver);

} // namespace phyll::config
