#pragma once

#include "app.hpp"

#include <phyll/v1/groups.pb.h>
#include <phyll/v1/runs.pb.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

// Data files of this machine on their way to phylld.
namespace phyll::cli {

/// A file of this machine with what is in it.
struct LocalFile {
    std::string name; ///< what phylld is told
    std::filesystem::path path;
    std::uint64_t size = 0; ///< bytes
    std::string sha256{};   ///< 32 bytes
};

/// Reads a file for its hash. Throws NOT_FOUND when it cannot be read.
[[nodiscard]] LocalFile local_file(const std::string& name, const std::filesystem::path& path);

/// Sends the files whose content phylld lacks, each from where an upload that was broken off had
/// come to, and shows how far it is. Throws what phylld refuses, DATA_LOSS for a file that changes
/// meanwhile.
void upload(App& app, const std::vector<LocalFile>& files);

using NamedFiles = google::protobuf::RepeatedPtrField<v1::NamedFile>;

/// The data files of a run file, or of the members of a group, that are on this machine.
struct SentFiles {
    NamedFiles all;
    std::vector<NamedFiles> of_member; ///< as many as there are members
};

/// Asks phylld which data files a run file names, looks for them (in the current folder, then
/// beside the run file) and sends those that it lacks. Files that are not here are left to phylld.
/// Throws what is wrong with the run file as well.
[[nodiscard]] SentFiles send_files(App& app, const v1::RunFile& file,
                                   const std::vector<v1::GroupMember>& members);

} // namespace phyll::cli
