#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

namespace phyll::config {

/// Every .proto that this program was built with, and what those import, comments included: a
/// serialised google.protobuf.FileDescriptorSet.
[[nodiscard]] std::string_view embedded_protos() noexcept;

/// What .proto files say in comments about what they describe: generated descriptors have none.
///
/// A comment is handed out as prose: one line per paragraph. Paragraphs are parted by an empty
/// line, or by a line that begins with "- ".
class Comments {
  public:
    /// `protos` is a serialised FileDescriptorSet with source information, in which every file
    /// comes after those that it imports. Throws INTERNAL when it is none.
    explicit Comments(std::string_view protos);

    /// The comment above the field, else the one behind it; empty when there is none or when the
    /// field's file is not among the .proto files.
    [[nodiscard]] std::string of(const google::protobuf::FieldDescriptor& field) const;

    /// The comment above the message. The first message of a file also has the comment at the head
    /// of the file, which comes first.
    [[nodiscard]] std::string of(const google::protobuf::Descriptor& type) const;

  private:
    google::protobuf::DescriptorPool pool_;
};

} // namespace phyll::config
