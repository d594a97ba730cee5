#pragma once

#include "drivers/core/readers/data_file.hpp"

#include <phyll/v1/run_spec.pb.h>
#include <phyll/v1/runs.pb.h>

#include <functional>
#include <set>
#include <string>

namespace phyll::runs {

/// Files that a run file names, each with the SHA-256 of what is in it.
using NamedFiles = google::protobuf::RepeatedPtrField<v1::NamedFile>;

/// How the data files of a run are opened, given those that came with it: these by their content,
/// the others where the run file says that they are.
using ReadFilesOf = std::function<FileReader(const NamedFiles& files)>;

/// The data files that a run names, each once: the texts of all fields that their .proto calls
/// data files.
[[nodiscard]] std::set<std::string> data_files_of(const v1::RunSpec& spec);

/// Throws INVALID_ARGUMENT unless each file has one of `names` and the hash of a content, and no
/// name is there twice.
void check_files(const NamedFiles& files, const std::set<std::string>& names);

/// Those of the files that a run names.
[[nodiscard]] NamedFiles files_of(const v1::RunSpec& spec, const NamedFiles& files);

/// A SHA-256 of the wire in hexadecimal digits. Throws INVALID_ARGUMENT, naming `field`, unless it
/// has 32 bytes.
[[nodiscard]] std::string hash_in_hex(const std::string& sha256, const std::string& field);
/// The reverse.
[[nodiscard]] std::string hash_on_wire(const std::string& hex);

} // namespace phyll::runs
