#pragma once

#include "daemon/runs/export/manifest.hpp"
#include "daemon/training/data/zip_archive.hpp"
#include "drivers/core/readers/data_file.hpp"

#include <phyll/v1/run_spec.pb.h>
#include <phyll/v1/runs.pb.h>

#include <filesystem>
#include <string>

namespace phyll::runs {

/// A bundle that was made of a run (`make_bundle`), read where it lies. Thread rule: one caller at
/// a time.
class Bundle {
  public:
    /// Looks at every byte: each file that the manifest names is there, with its size and SHA-256,
    /// and nothing else is. `file` is what messages call it. Throws, naming the file in the bundle,
    /// DATA_LOSS for what is damaged, missing or too much, FAILED_PRECONDITION for a newer format;
    /// INVALID_ARGUMENT for what is no zip archive.
    Bundle(const DataFile& content, std::string file);

    [[nodiscard]] const BundleManifest& manifest() const noexcept { return manifest_; }
    [[nodiscard]] bool has(const std::string& name) const;

    /// All throw NOT_FOUND for a file that the bundle does not have, DATA_LOSS for one that is not
    /// what it should be.
    [[nodiscard]] std::string text(const std::string& name) const;
    [[nodiscard]] v1::RunSpec spec() const;
    [[nodiscard]] v1::Conditions conditions() const;
    [[nodiscard]] v1::RunResult result() const;
    /// Writes a file of the bundle to `path`; throws RESOURCE_EXHAUSTED or UNAVAILABLE as well.
    void extract(const std::string& name, const std::filesystem::path& path) const;

  private:
    [[nodiscard]] const BundledFile& entry(const std::string& name) const;
    void check(const BundledFile& entry) const;
    void check_nothing_else() const;
    void parse(const std::string& name, google::protobuf::Message& message) const;

    std::string file_;
    training::ZipArchive archive_;
    BundleManifest manifest_;
};

} // namespace phyll::runs
