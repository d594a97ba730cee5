#pragma once

#include "daemon/training/scheme.hpp"

#include <phyll/v1/runs.pb.h>

#include <filesystem>
#include <vector>

namespace phyll::runs {

/// Writes a trained network and how it came about as HDF5:
///
///   /network/<array>   float32, one data set per array of the network ("layer1/weights", ...)
///   /run, /result      text: phyll.v1.RunSpec and phyll.v1.RunResult as JSON
///
/// Whole or not at all: written aside, then renamed. Returns its SHA-256, by which it is known
/// when it is read. Throws what `write_file` does.
[[nodiscard]] std::string write_result(const std::filesystem::path& file, const v1::RunSpec& spec,
                                       const v1::RunResult& result,
                                       const std::vector<training::NamedArray>& network);

/// Reads what `to_json` wrote. Throws DATA_LOSS, naming `what` it was to be read from.
void from_json(const std::string& text, google::protobuf::Message& message,
               const std::string& what);

/// A message as JSON, with the field names of the .proto files.
[[nodiscard]] std::string to_json(const google::protobuf::Message& message);

} // namespace phyll::runs
