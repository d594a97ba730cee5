#include "data_upload.hpp"

#include "drivers/core/readers/sha256.hpp"
#include "group_arguments.hpp"
#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/data.pb.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace phyll::cli {
namespace {

using Time = std::chrono::steady_clock;

constexpr std::size_t part_bytes = std::size_t{1} << 20U;
/// Larger files are not taken; they have to be where phylld finds them.
constexpr std::uint64_t most_bytes = std::uint64_t{64} << 30U;
/// How often an upload says how far it is.
constexpr std::chrono::milliseconds show_interval{200};

/// A file that is read part by part.
class PartReader {
  public:
    explicit PartReader(const std::filesystem::path& path)
        : path_(path.string()), in_(path, std::ios::binary), buffer_(part_bytes) {
        if (!in_) {
            throw Error(Code::not_found, fmt::format("cannot read {}: {}", path_,
                                                     std::generic_category().message(errno)));
        }
    }

    void go_to(std::uint64_t offset) {
        in_.clear();
        in_.seekg(static_cast<std::streamoff>(offset));
    }
    /// The next part, empty at the end; it lasts until the next one.
    [[nodiscard]] std::span<const std::byte> next() {
        in_.read(reinterpret_cast<char*>(buffer_.data()),
                 static_cast<std::streamsize>(buffer_.size()));
        if (in_.bad()) {
            throw Error(Code::data_loss, fmt::format("cannot read {}: the disk failed", path_));
        }
        return std::span(buffer_).first(static_cast<std::size_t>(in_.gcount()));
    }

  private:
    std::string path_;
    std::ifstream in_;
    std::vector<std::byte> buffer_;
};

/// Shows how far an upload is.
class UploadView {
  public:
    UploadView(const App& app, const LocalFile& file)
        : json_(app.json()), bar_(!json_ && ::isatty(STDERR_FILENO) != 0), file_(file) {}

    void show(const v1::PutDataReply& reply) {
        const Time::time_point now = Time::now();
        if (!reply.complete() && now - last_ < show_interval) {
            return;
        }
        last_ = now;
        if (json_) {
            std::cout << nlohmann::json{{"event", "upload"},
                                        {"name", file_.name},
                                        {"sha256", in_hexadecimal(file_.sha256)},
                                        {"received", reply.received()},
                                        {"bytes", file_.size},
                                        {"complete", reply.complete()}}
                             .dump()
                      << std::endl;
        } else if (bar_ && !reply.complete()) {
            std::cerr << fmt::format("\r\x1b[K{}: {:.0f} % of {} uploaded", file_.name,
                                     100.0 * static_cast<double>(reply.received()) /
                                         static_cast<double>(file_.size),
                                     megabytes(file_.size))
                      << std::flush;
        } else if (reply.complete()) {
            std::cerr << fmt::format("{}{}: uploaded, {}\n", bar_ ? "\r\x1b[K" : "", file_.name,
                                     megabytes(file_.size));
        }
    }

  private:
    bool json_;
    bool bar_;
    const LocalFile& file_;
    Time::time_point last_{};
};

v1::FindDataReply find(App& app, const std::vector<LocalFile>& files) {
    v1::FindDataRequest request;
    for (const LocalFile& file : files) {
        request.add_sha256(file.sha256);
        request.add_size(file.size);
    }
    auto reply = app.client().call<v1::FindDataReply>("phyll.v1.Data/Find", request, {});
    if (reply.found_size() != static_cast<int>(files.size())) {
        throw Error(Code::data_loss, fmt::format("phylld answered about {} of {} contents",
                                                 reply.found_size(), files.size()));
    }
    return reply;
}

v1::PutDataReply put(App& app, const LocalFile& file, std::uint64_t offset,
                     std::span<const std::byte> bytes) {
    v1::PutDataRequest request;
    request.set_sha256(file.sha256);
    request.set_size(file.size);
    request.set_offset(offset);
    request.set_name(file.name);
    try {
        return app.client().upload<v1::PutDataReply>("phyll.v1.Data/Put", request, bytes, {});
    } catch (const Error& error) {
        if (error.code() == Code::out_of_range) { // somebody else sends it too
            const v1::FindDataReply found = find(app, {file});
            v1::PutDataReply reply;
            reply.set_received(found.found(0).received());
            reply.set_complete(found.found(0).complete());
            return reply;
        }
        if (error.code() == Code::unavailable) {
            throw Error(error.code(),
                        fmt::format("{}: {}; what has come is kept, and the same command goes on "
                                    "from there",
                                    file.name, error.what()));
        }
        throw error_of(file.name, error);
    }
}

void send(App& app, const LocalFile& file, std::uint64_t received) {
    PartReader reader(file.path);
    UploadView view(app, file);
    v1::PutDataReply reply;
    reply.set_received(received);
    do {
        reader.go_to(reply.received());
        const std::span<const std::byte> part = reader.next();
        if (part.empty() && reply.received() < file.size) {
            throw Error(Code::data_loss,
                        fmt::format("{} was made shorter while it was sent", file.path.string()));
        }
        const std::uint64_t to_send = file.size - reply.received();
        reply = put(
            app, file, reply.received(),
            part.first(static_cast<std::size_t>(std::min<std::uint64_t>(to_send, part.size()))));
        view.show(reply);
    } while (!reply.complete());
}

/// Where a data file of a run file is on this machine; nothing when it is not.
std::optional<std::filesystem::path> on_this_machine(const std::string& name,
                                                     const std::filesystem::path& run_file) {
    std::error_code ignored;
    for (const std::filesystem::path& path :
         {std::filesystem::path(name), run_file.parent_path() / name}) {
        if (std::filesystem::is_regular_file(path, ignored)) {
            return path;
        }
    }
    return std::nullopt;
}

std::set<std::string> names_in(App& app, const v1::RunFile& file) {
    v1::NamedDataRequest request;
    *request.mutable_file() = file;
    const auto reply = app.client().call<v1::NamedDataReply>("phyll.v1.Data/Named", request, {});
    return {reply.names().begin(), reply.names().end()};
}

/// Which data files each member names; a seed changes nothing about that.
/// None where the run file is wrong: it is refused when it is submitted, by the member's name.
std::set<std::string> names_in_valid(App& app, const v1::RunFile& file) {
    try {
        return names_in(app, file);
    } catch (const Error& error) {
        if (error.code() != Code::invalid_argument) {
            throw;
        }
        return {};
    }
}

std::vector<std::set<std::string>> names_of(App& app, const v1::RunFile& file,
                                            const std::vector<v1::GroupMember>& members) {
    std::map<std::vector<std::string>, std::set<std::string>> known;
    std::vector<std::set<std::string>> names;
    for (const v1::GroupMember& member : members) {
        const std::vector<std::string> overrides(member.overrides().begin(),
                                                 member.overrides().end());
        const auto [entry, is_new] = known.try_emplace(overrides);
        if (is_new) {
            entry->second = names_in_valid(app, file_of(file, member));
        }
        names.push_back(entry->second);
    }
    return names;
}

std::vector<LocalFile> local_files(const std::set<std::string>& names,
                                   const std::filesystem::path& run_file) {
    std::vector<LocalFile> files;
    for (const std::string& name : names) {
        const auto path = on_this_machine(name, run_file);
        if (path && std::filesystem::file_size(*path) <= most_bytes) {
            files.push_back(local_file(name, *path));
        }
    }
    return files;
}

NamedFiles named(const std::vector<LocalFile>& files, const std::set<std::string>& names) {
    NamedFiles out;
    for (const LocalFile& file : files) {
        if (names.contains(file.name)) {
            v1::NamedFile& one = *out.Add();
            one.set_name(file.name);
            one.set_sha256(file.sha256);
        }
    }
    return out;
}

} // namespace

LocalFile local_file(const std::string& name, const std::filesystem::path& path) {
    LocalFile file{.name = name, .path = path};
    PartReader reader(path);
    Sha256 sum;
    for (std::span<const std::byte> part = reader.next(); !part.empty(); part = reader.next()) {
        sum.add(part);
        file.size += part.size();
    }
    const Sha256Digest digest = sum.digest();
    file.sha256.assign(digest.begin(), digest.end());
    return file;
}

void upload(App& app, const std::vector<LocalFile>& files) {
    if (files.empty()) {
        return;
    }
    const v1::FindDataReply found = find(app, files);
    for (std::size_t i = 0; i < files.size(); ++i) {
        const v1::FoundData& there = found.found(static_cast<int>(i));
        if (!there.complete()) {
            send(app, files[i], there.received());
        }
    }
}

SentFiles send_files(App& app, const v1::RunFile& file,
                     const std::vector<v1::GroupMember>& members) {
    const std::vector<std::set<std::string>> names =
        names_of(app, file, members.empty() ? std::vector<v1::GroupMember>(1) : members);
    std::set<std::string> all;
    for (const std::set<std::string>& of_member : names) {
        all.insert(of_member.begin(), of_member.end());
    }
    const std::vector<LocalFile> files = local_files(all, file.name());
    upload(app, files);
    SentFiles sent{.all = named(files, all), .of_member = {}};
    for (std::size_t i = 0; i < members.size(); ++i) {
        sent.of_member.push_back(named(files, names[i]));
    }
    return sent;
}

} // namespace phyll::cli
