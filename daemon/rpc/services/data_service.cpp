#include "daemon/rpc/services/desk.hpp"
#include "daemon/rpc/services/services.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/data.pb.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace phyll::rpc {
namespace {

/// Contents that may be asked for at once.
constexpr int most_wanted = 10'000;

/// The kind of data that a file of that name is a part of; empty when it is none.
std::string kind_of(const std::string& name) {
    const bool is_idx = name.ends_with("-ubyte") || name.ends_with("-ubyte.gz");
    if (is_idx && name.find("idx") != std::string::npos) {
        return "idx";
    }
    if (name.ends_with(".npy") || name.ends_with(".npz")) {
        return "numpy";
    }
    return name.ends_with(".csv") || name.ends_with(".csv.gz") ? "csv" : "";
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

void add_uploads(const Site& site, v1::ListDataReply& reply) {
    for (const runs::Uploads::Listed& listed : site.contents.uploads().list()) {
        v1::DataSet& set = *reply.add_sets();
        set.set_name(listed.upload.name);
        set.set_kind(kind_of(listed.upload.name));
        set.set_bytes(listed.upload.size);
        set.set_about(listed.received.complete
                          ? "uploaded"
                          : fmt::format("{} bytes are still to come",
                                        listed.upload.size - listed.received.bytes));
        set.set_sha256(runs::hash_on_wire(listed.upload.sha256));
        set.set_uploaded_by(listed.upload.uploaded_by);
        set.set_time(listed.upload.time);
        const std::vector<std::uint64_t> runs = site.store.runs_with(listed.upload.sha256);
        set.mutable_runs()->Assign(runs.begin(), runs.end());
    }
}

v1::ListDataReply list_data(const Site& site) {
    v1::ListDataReply reply;
    add_built_in(reply, "vowels",
                 "built in: synthetic vowels drawn from published formant statistics");
    add_built_in(reply, "digits", "built in: digits of 28 x 28 pixels, drawn with a pen");
    add_built_in(reply, "xor", "built in: exclusive or of two inputs, for the encoding \"direct\"");
    if (!site.data_dir.empty()) {
        add_files(site.data_dir, reply);
    }
    add_uploads(site, reply);
    return reply;
}

void name_files(const Site& site, const v1::NamedDataRequest& request,
                const std::shared_ptr<Call>& call) {
    at_desk(
        site, call,
        [&site, request] {
            return runs::data_files_of(read_run_file(request.file(), site.options));
        },
        [call](const std::set<std::string>& names) {
            v1::NamedDataReply reply;
            reply.mutable_names()->Assign(names.begin(), names.end());
            call->reply(reply);
        });
}

std::vector<runs::Content> wanted_by(const v1::FindDataRequest& request) {
    if (request.sha256_size() > most_wanted) {
        throw invalid_field("sha256",
                            fmt::format("{}; at most {}", request.sha256_size(), most_wanted));
    }
    if (request.size_size() != 0 && request.size_size() != request.sha256_size()) {
        throw invalid_field("size", fmt::format("{} for {} contents; give one for each, or none",
                                                request.size_size(), request.sha256_size()));
    }
    std::vector<runs::Content> wanted;
    for (int i = 0; i < request.sha256_size(); ++i) {
        runs::Content& content = wanted.emplace_back();
        content.sha256 = runs::hash_in_hex(request.sha256(i), fmt::format("sha256[{}]", i));
        if (request.size_size() != 0) {
            content.size = request.size(i);
        }
    }
    return wanted;
}

void find_contents(const Site& site, const v1::FindDataRequest& request,
                   const std::shared_ptr<Call>& call) {
    aside(
        site.lookups, site, call,
        [&site, wanted = wanted_by(request), stop = call->stop_token()] {
            return site.contents.find(wanted, stop);
        },
        [call](const std::vector<runs::Received>& found) {
            v1::FindDataReply reply;
            for (const runs::Received& received : found) {
                v1::FoundData& one = *reply.add_found();
                one.set_complete(received.complete);
                one.set_received(received.bytes);
            }
            call->reply(reply);
        });
}

/// Throws RESOURCE_EXHAUSTED where all that its owner has uploaded would be more than `limit` GB.
void check_room_for(const Site& site, const runs::UploadRecord& upload, double limit) {
    const auto known = site.store.upload(upload.sha256);
    if (known && known->size == upload.size) {
        return; // counted when it was begun
    }
    const double gigabyte = 1e9;
    const std::uint64_t others =
        site.store.uploaded_by(upload.uploaded_by) -
        (known && known->uploaded_by == upload.uploaded_by ? known->size : 0);
    const double all = static_cast<double>(others) + static_cast<double>(upload.size);
    if (all > limit * gigabyte) {
        throw Error(Code::resource_exhausted,
                    fmt::format("with {} the data files of {} would come to {:.3g} GB, and phylld "
                                "keeps {:g} GB of each client's (limits.data); remove some: "
                                "'phyllctl data remove'",
                                in_quotes(upload.name), upload.uploaded_by, all / gigabyte, limit));
    }
}

void put_part(const Site& site, const v1::PutDataRequest& request,
              const std::shared_ptr<Call>& call) {
    const runs::UploadRecord upload{.sha256 = runs::hash_in_hex(request.sha256(), "sha256"),
                                    .size = request.size(),
                                    .name = request.name(),
                                    .uploaded_by = call->caller().name};
    aside(
        site.uploads, site, call,
        [&site, upload, offset = request.offset(), bytes = call->read_bytes("payload"),
         stop = call->stop_token(), limit = site.config.limits().data()] {
            check_room_for(site, upload, limit);
            return site.contents.uploads().put(upload, offset, bytes, stop);
        },
        [call](const runs::Received& received) {
            v1::PutDataReply reply;
            reply.set_received(received.bytes);
            reply.set_complete(received.complete);
            call->reply(reply);
        });
}

void remove_upload(const Site& site, const v1::RemoveDataRequest& request,
                   const std::shared_ptr<Call>& call) {
    aside(
        site.uploads, site, call,
        [&site, sha256 = runs::hash_in_hex(request.sha256(), "sha256")] {
            site.contents.uploads().remove(sha256);
            return true;
        },
        [call](bool) { call->reply(v1::RemoveDataReply()); });
}

} // namespace

void add_data_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.answer<v1::ListDataRequest, v1::ListDataReply>(
        "phyll.v1.Data/List",
        [&site](const v1::ListDataRequest&, const Call&) { return list_data(site); });
    dispatcher.serve<v1::NamedDataRequest, v1::NamedDataReply>(
        "phyll.v1.Data/Named",
        [&site](const auto& request, const auto& call) { name_files(site, request, call); });
    dispatcher.serve<v1::FindDataRequest, v1::FindDataReply>(
        "phyll.v1.Data/Find",
        [&site](const auto& request, const auto& call) { find_contents(site, request, call); });
    dispatcher.serve<v1::PutDataRequest, v1::PutDataReply>(
        "phyll.v1.Data/Put",
        [&site](const auto& request, const auto& call) { put_part(site, request, call); });
    dispatcher.serve<v1::RemoveDataRequest, v1::RemoveDataReply>(
        "phyll.v1.Data/Remove",
        [&site](const auto& request, const auto& call) { remove_upload(site, request, call); });
}

} // namespace phyll::rpc
