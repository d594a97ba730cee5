#pragma once

#include <google/protobuf/descriptor.h>

#include <vector>

// What files can set, as the .proto files that are built in describe it: everything in the
// configuration and in run files, and the options of every kind there is. Nobody lists them.

/// Every message that stands for a table.
[[nodiscard]] std::vector<const google::protobuf::Descriptor*> settable_types();

/// Every field of these.
[[nodiscard]] std::vector<const google::protobuf::FieldDescriptor*> settable_fields();

/// The messages among them that no field of another names: files begin with them, or they are the
/// options of a kind.
[[nodiscard]] std::vector<const google::protobuf::Descriptor*> outermost_types();
