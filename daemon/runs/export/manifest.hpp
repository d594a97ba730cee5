#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace phyll::runs {

/// A file of a bundle.
struct BundledFile {
    std::string name; ///< in the bundle: "journal", "data/1/vowels.csv"
    std::string what; ///< in words
    std::string path; ///< of a data file: what the run file calls it; else empty
    std::uint64_t size = 0;
    std::string sha256; ///< in hexadecimal digits

    bool operator==(const BundledFile&) const = default;
};

/// What is in a bundle, and of what it is. docs/bundle.md says the same for people.
struct BundleManifest {
    std::uint64_t run = 0;
    std::string version; ///< of the phylld that trained
    std::string kernel_level;
    std::string cpu_model;
    std::string weights_sha256; ///< of the trained network; empty: none was trained
    std::vector<BundledFile> files;

    bool operator==(const BundleManifest&) const = default;
};

/// The manifest's own name in the bundle.
inline constexpr const char* manifest_name = "manifest.json";

[[nodiscard]] std::string to_json(const BundleManifest& manifest);

/// The reverse. Throws DATA_LOSS, naming `file`, when the text is no manifest, and
/// FAILED_PRECONDITION when it is one of a newer format. Names lead nowhere but into the bundle.
[[nodiscard]] BundleManifest parse_manifest(const std::string& text, const std::string& file);

} // namespace phyll::runs
