#include "tests/unit/config/settable.hpp"

#include "daemon/config/comments.hpp"

#include <catch2/catch.hpp>

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <memory>
#include <string_view>

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

namespace {

struct Protos {
    DescriptorPool pool;
    std::vector<const FileDescriptor*> files;
};

const Protos& protos() {
    static const std::unique_ptr<const Protos> built = [] {
        auto made = std::make_unique<Protos>();
        const std::string_view bytes = phyll::config::embedded_protos();
        FileDescriptorSet set;
        REQUIRE(set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
        for (const FileDescriptorProto& file : set.file()) {
            made->files.push_back(made->pool.BuildFile(file));
            REQUIRE(made->files.back() != nullptr);
        }
        return made;
    }();
    return *built;
}

/// The contract also has what no file can set; the other rooms' .proto files have nothing else.
bool holds_options(const FileDescriptor& file) {
    return !file.name().starts_with("phyll/v1/") && !file.name().starts_with("google/");
}

/// Adds a message and those in its fields, each once.
void add(const Descriptor& type, std::vector<const Descriptor*>& types) {
    const bool is_any = type.full_name() == google::protobuf::Any::descriptor()->full_name();
    if (is_any || std::ranges::find(types, &type) != types.end()) {
        return;
    }
    types.push_back(&type);
    for (int i = 0; i < type.field_count(); ++i) {
        if (const Descriptor* inner = type.field(i)->message_type()) {
            add(*inner, types);
        }
    }
}

} // namespace

std::vector<const Descriptor*> settable_types() {
    std::vector<const Descriptor*> types;
    for (const char* top : {"phyll.v1.DaemonConfig", "phyll.v1.RunSpec"}) {
        add(*protos().pool.FindMessageTypeByName(top), types);
    }
    for (const FileDescriptor* file : protos().files) {
        for (int i = 0; holds_options(*file) && i < file->message_type_count(); ++i) {
            add(*file->message_type(i), types);
        }
    }
    return types;
}

std::vector<const FieldDescriptor*> settable_fields() {
    std::vector<const FieldDescriptor*> fields;
    for (const Descriptor* type : settable_types()) {
        for (int i = 0; i < type->field_count(); ++i) {
            fields.push_back(type->field(i));
        }
    }
    return fields;
}

std::vector<const Descriptor*> outermost_types() {
    std::vector<const Descriptor*> types = settable_types();
    for (const FieldDescriptor* field : settable_fields()) {
        std::erase(types, field->message_type());
    }
    return types;
}
