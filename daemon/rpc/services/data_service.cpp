#include "daemon/rpc/services/services.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/data.pb.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace phyll::rpc {
namespace {

/// The kind of data that a file of that name is a part of; empty when it is none.
std::string kind_of(const std::string& name) {
    const bool is_idx = name.ends_with("-ubyte") || name.ends_with("-ubyte.gz");
    if (is_idx && name.find("idx") != std::string::npos) {
        return "idx";
    }
    if (name.ends_with(".npy") || name.ends_with(".npz")) {
        return "numpy";
    }
    return name.ends_with(".csv") ? "csv" : "";
}

/// Files of the data directory that can be trained on, by their path below it.
void add_files(const std::filesystem::path& root, v1::ListDataReply& reply) {
    std::error_code ignored;
    std::vector<v1::DataSet> sets;
    for (std::filesystem::recursive_directory_iterator it(
             root, std::filesystem::directory_options::skip_permission_denied, ignored);
         it != std::filesystem::recursive_directory_iterator(); it.increment(ignored)) {
        const std::string kind = kind_of(it->path().filename().string());
        if (!kind.empty() && it->is_regular_file(ignored)) {
            v1::DataSet& set = sets.emplace_back();
            set.set_name(utf8(std::filesystem::relative(it->path(), root, ignored).string()));
            set.set_kind(kind);
            set.set_bytes(it->file_size(ignored));
            set.set_about("file");
        }
    }
    std::ranges::sort(sets, {}, &v1::DataSet::name);
    reply.mutable_sets()->Add(sets.begin(), sets.end());
}

void add_built_in(v1::ListDataReply& reply, const char* kind, const char* about) {
    v1::DataSet& set = *reply.add_sets();
    set.set_name(kind);
    set.set_kind(kind);
    set.set_about(about);
}

} // namespace

void add_data_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.answer<v1::ListDataRequest, v1::ListDataReply>(
        "phyll.v1.Data/List", [&site](const v1::ListDataRequest&, const Call&) {
            v1::ListDataReply reply;
            add_built_in(reply, "vowels",
                         "built in: synthetic vowels drawn from published formant statistics");
            add_built_in(reply, "digits", "built in: digits of 28 x 28 pixels, drawn with a pen");
            add_built_in(reply, "xor",
                         "built in: exclusive or of two inputs, for the encoding \"direct\"");
            if (!site.data_dir.empty()) {
                add_files(site.data_dir, reply);
            }
            return reply;
        });
}

} // namespace phyll::rpc
