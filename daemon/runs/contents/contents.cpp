#include "daemon/runs/contents/contents.hpp"

#include "daemon/runs/data_files.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

namespace phyll::runs {
namespace {

constexpr const char* data_file_field = "data.file";

Error gone(const std::string& name, const std::string& sha256) {
    const std::string why =
        fmt::format("the content of {}, SHA-256 {}, is neither uploaded nor in a file of phylld's "
                    "data directory (any more); phyllctl data put FILE uploads it",
                    in_quotes(name), sha256);
    return {Code::not_found, fmt::format("{}: {}", data_file_field, why), {{data_file_field, why}}};
}

} // namespace

Contents::Contents(std::filesystem::path uploads, std::filesystem::path data_dir, Store& store,
                   const Clock& clock)
    : data_dir_(std::move(data_dir)),
      uploads_(std::move(uploads), store, clock),
      folder_(data_dir_, store) {}

std::vector<Received> Contents::find(const std::vector<Content>& wanted,
                                     const std::stop_token& stop) {
    std::vector<Received> found;
    std::set<std::uint64_t> sizes; // of what was not uploaded
    for (const Content& content : wanted) {
        found.push_back(uploads_.find(content.sha256));
        if (!found.back().complete && content.size) {
            sizes.insert(*content.size);
        }
    }
    folder_.look_at(sizes, stop);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (found[i].complete) {
            continue;
        }
        if (const std::optional<DataFile> file = folder_.open(wanted[i].sha256)) {
            found[i] = {file->size(), true};
        }
    }
    return found;
}

std::optional<DataFile> Contents::open(const std::string& sha256) {
    std::optional<DataFile> file = uploads_.open(sha256);
    return file ? file : folder_.open(sha256);
}

FileReader Contents::reader(const NamedFiles& files) {
    std::map<std::string, std::string> by_name;
    for (const v1::NamedFile& file : files) {
        by_name[file.name()] = hash_in_hex(file.sha256(), "files.sha256");
    }
    return [this, by_name = std::move(by_name),
            by_path = read_below(data_dir_.string(), data_file_field)](const std::string& name) {
        const auto found = by_name.find(name);
        if (found == by_name.end()) {
            return by_path(name);
        }
        std::optional<DataFile> file = open(found->second);
        if (!file) {
            throw gone(name, found->second);
        }
        return *std::move(file);
    };
}

} // namespace phyll::runs
