#include "daemon/config/comments.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

namespace phyll::config {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::SourceLocation;

namespace {

/// Joins the lines of a comment to paragraphs.
std::string prose(std::string_view comment) {
    std::string text;
    bool joins = false; // the next line belongs to the paragraph of the last one
    while (!comment.empty()) {
        const std::size_t end = std::min(comment.find('\n'), comment.size());
        const std::string_view line = trimmed(comment.substr(0, end), " \t\r");
        comment.remove_prefix(std::min(end + 1, comment.size()));
        if (!line.empty()) {
            const bool goes_on = joins && !line.starts_with("- ");
            text += text.empty() ? "" : (goes_on ? " " : "\n");
            text += line;
        }
        joins = !line.empty();
    }
    return text;
}

/// The comment at the head of a file: the one above its `syntax` statement.
std::string head_of(const FileDescriptor& file) {
    SourceLocation location;
    const bool has_head =
        file.GetSourceLocation({FileDescriptorProto::kSyntaxFieldNumber}, &location);
    return has_head ? prose(location.leading_comments) : "";
}

} // namespace

Comments::Comments(std::string_view protos) {
    FileDescriptorSet set;
    if (!set.ParseFromArray(protos.data(), static_cast<int>(protos.size()))) {
        throw Error(Code::internal, "the .proto files that are built in cannot be read");
    }
    for (const FileDescriptorProto& file : set.file()) {
        if (pool_.BuildFile(file) == nullptr) {
            throw Error(Code::internal,
                        fmt::format("{}, which is built in, is no valid .proto", file.name()));
        }
    }
}

std::string Comments::of(const FieldDescriptor& field) const {
    const FieldDescriptor* described = pool_.FindFieldByName(field.full_name());
    SourceLocation location;
    if (described == nullptr || !described->GetSourceLocation(&location)) {
        return "";
    }
    const std::string above = prose(location.leading_comments);
    return above.empty() ? prose(location.trailing_comments) : above;
}

std::string Comments::of(const Descriptor& type) const {
    const Descriptor* described = pool_.FindMessageTypeByName(type.full_name());
    if (described == nullptr) {
        return "";
    }
    SourceLocation location;
    const std::string above =
        described->GetSourceLocation(&location) ? prose(location.leading_comments) : "";
    const bool is_first = described->containing_type() == nullptr && described->index() == 0;
    const std::string head = is_first ? head_of(*described->file()) : "";
    return head + (head.empty() || above.empty() ? "" : "\n") + above;
}

} // namespace phyll::config
