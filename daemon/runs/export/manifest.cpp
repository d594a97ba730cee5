#include "daemon/runs/export/manifest.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace phyll::runs {
namespace {

using nlohmann::json;

constexpr const char* format = "phyll bundle 1";
constexpr const char* any_format = "phyll bundle ";

Error unreadable(const std::string& file, const std::string& why) {
    return {Code::data_loss,
            fmt::format("{} ({}): it cannot be read: {}", file, manifest_name, why)};
}

bool is_plain(const std::string& name) {
    const std::filesystem::path path(name);
    return !name.empty() && path.is_relative() && path.lexically_normal().string() == name &&
           *path.begin() != "..";
}

/// JSON has other numbers than counts, and not all of them can be turned into one.
std::uint64_t count_in(const json& object, const char* key, const std::string& file) {
    const json& value = object.at(key);
    if (!value.is_number_unsigned()) {
        throw unreadable(
            file, fmt::format("its {} is {}, which is no count", key, in_quotes(value.dump())));
    }
    return value;
}

BundledFile file_of(const json& entry, const std::string& file) {
    BundledFile out{.name = entry.at("name"),
                    .what = entry.at("what"),
                    .path = entry.value("path", ""),
                    .size = count_in(entry, "size", file),
                    .sha256 = entry.at("sha256")};
    if (!is_plain(out.name)) {
        throw unreadable(file, fmt::format("{} is no name in a bundle", in_quotes(out.name)));
    }
    return out;
}

} // namespace

std::string to_json(const BundleManifest& manifest) {
    json files = json::array();
    for (const BundledFile& file : manifest.files) {
        json entry{
            {"name", file.name}, {"what", file.what}, {"size", file.size}, {"sha256", file.sha256}};
        if (!file.path.empty()) {
            entry["path"] = file.path;
        }
        files.push_back(std::move(entry));
    }
    const json out{{"format", format},
                   {"run", manifest.run},
                   {"phylld", manifest.version},
                   {"kernel_level", manifest.kernel_level},
                   {"cpu_model", manifest.cpu_model},
                   {"weights_sha256", manifest.weights_sha256},
                   {"files", std::move(files)}};
    return out.dump(2) + "\n";
}

BundleManifest parse_manifest(const std::string& text, const std::string& file) {
    try {
        const json in = json::parse(text);
        const std::string found = in.at("format");
        if (found != format && found.starts_with(any_format)) {
            throw Error(Code::failed_precondition,
                        fmt::format("{} is a {}, this program reads {}; upgrade it", file,
                                    in_quotes(found), in_quotes(format)));
        }
        if (found != format) {
            throw unreadable(file, fmt::format("its format is {}", in_quotes(found)));
        }
        BundleManifest out{.run = count_in(in, "run", file),
                           .version = in.at("phylld"),
                           .kernel_level = in.at("kernel_level"),
                           .cpu_model = in.at("cpu_model"),
                           .weights_sha256 = in.at("weights_sha256"),
                           .files = {}};
        for (const json& entry : in.at("files")) {
            out.files.push_back(file_of(entry, file));
        }
        return out;
    } catch (const json::exception& error) {
        throw unreadable(file, error.what());
    }
}

} // namespace phyll::runs
