#include "daemon/rpc/services/services.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/data.pb.h>

#include <algorithm>
#include <filesystem>

namespace phyll::rpc {
namespace {

/// CSV files of the data directory, by their path below it.
void add_files(const std::filesystem::path& root, v1::ListDataReply& reply) {
    std::error_code ignored;
    std::vector<v1::DataSet> sets;
    for (std::filesystem::recursive_directory_iterator it(
             root, std::filesystem::directory_options::skip_permission_denied, ignored);
         it != std::filesystem::recursive_directory_iterator(); it.increment(ignored)) {
        if (it->path().extension() == ".csv" && it->is_regular_file(ignored)) {
            v1::DataSet& set = sets.emplace_back();
            set.set_name(utf8(std::filesystem::relative(it->path(), root, ignored).string()));
            set.set_kind("csv");
            set.set_bytes(it->file_size(ignored));
            set.set_about("file");
        }
    }
    std::ranges::sort(sets, {}, &v1::DataSet::name);
    reply.mutable_sets()->Add(sets.begin(), sets.end());
}

} // namespace

void add_data_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.answer<v1::ListDataRequest, v1::ListDataReply>(
        "phyll.v1.Data/List", [&site](const v1::ListDataRequest&, const Call&) {
            v1::ListDataReply reply;
            v1::DataSet& vowels = *reply.add_sets();
            vowels.set_name("vowels");
            vowels.set_kind("vowels");
            vowels.set_about("built in: synthetic vowels drawn from published formant statistics");
            if (!site.data_dir.empty()) {
                add_files(site.data_dir, reply);
            }
            return reply;
        });
}

} // namespace phyll::rpc
