#include "app.hpp"
#include "data_upload.hpp"
#include "drivers/core/text.hpp"
#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/data.pb.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace phyll::cli {
namespace {

/// Digits of a hash that are shown, and that name an upload.
constexpr std::size_t shown_digits = 12;

v1::ListDataReply sets(App& app) {
    return app.client().call<v1::ListDataReply>("phyll.v1.Data/List", v1::ListDataRequest());
}

nlohmann::json set_json(const v1::DataSet& set) {
    nlohmann::json out{
        {"name", set.name()}, {"kind", set.kind()}, {"bytes", set.bytes()}, {"about", set.about()}};
    if (!set.sha256().empty()) {
        out["sha256"] = in_hexadecimal(set.sha256());
        out["uploaded_by"] = set.uploaded_by();
        out["time"] = set.time();
        out["runs"] = set.runs();
    }
    return out;
}

/// "uploaded by ada at 2026-11-24 03:40:12, of runs 3, 4; sha256 8c1f2a..."
std::string about(const v1::DataSet& set) {
    if (set.sha256().empty()) {
        return set.about();
    }
    return fmt::format(
        "{}{}, {}{}; sha256 {}", set.about(),
        set.uploaded_by().empty() ? "" : " by " + set.uploaded_by(), local_time(set.time()),
        set.runs().empty() ? ", of no run"
                           : fmt::format(", of run{} {}", set.runs_size() == 1 ? "" : "s",
                                         fmt::join(set.runs(), ", ")),
        in_hexadecimal(set.sha256()).substr(0, shown_digits));
}

void list(App& app) {
    Table table({"NAME", "KIND", "BYTES", "ABOUT"});
    const v1::ListDataReply known = sets(app);
    for (const v1::DataSet& set : known.sets()) {
        if (app.json()) {
            std::cout << set_json(set).dump() << '\n';
        }
        const bool counted = set.bytes() != 0 || !set.sha256().empty();
        table.add({set.name(), set.kind().empty() ? "-" : set.kind(),
                   counted ? count(set.bytes()) : "-", about(set)});
    }
    if (!app.json()) {
        table.print(std::cout);
    }
}

void put_files(App& app, const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        const LocalFile file =
            local_file(utf8(std::filesystem::path(path).filename().string()), path);
        upload(app, {file});
        if (app.json()) {
            std::cout << nlohmann::json{{"event", "there"},
                                        {"name", file.name},
                                        {"sha256", in_hexadecimal(file.sha256)},
                                        {"bytes", file.size}}
                             .dump()
                      << std::endl;
        } else {
            std::cout << fmt::format("{}  {}\n", in_hexadecimal(file.sha256), file.name)
                      << std::flush;
        }
    }
}

/// The only upload of that name, or whose hash begins so. Throws NOT_FOUND, or INVALID_ARGUMENT
/// when there are several.
v1::DataSet upload_called(App& app, const std::string& text) {
    std::vector<v1::DataSet> found;
    const v1::ListDataReply known = sets(app);
    for (const v1::DataSet& set : known.sets()) {
        const bool by_hash =
            text.size() >= shown_digits && in_hexadecimal(set.sha256()).starts_with(text);
        if (!set.sha256().empty() && (by_hash || set.name() == text)) {
            found.push_back(set);
        }
    }
    if (found.empty()) {
        throw Error(
            Code::not_found,
            fmt::format("there is no upload '{}'; phyllctl data list has those that are", text));
    }
    if (found.size() > 1) {
        throw invalid_field("upload", fmt::format("{} uploads are called '{}'; say which by the "
                                                  "hash that phyllctl data list shows",
                                                  found.size(), text));
    }
    return found.front();
}

void remove(App& app, const std::vector<std::string>& uploads) {
    for (const std::string& text : uploads) {
        const v1::DataSet set = upload_called(app, text);
        v1::RemoveDataRequest request;
        request.set_sha256(set.sha256());
        app.client().call<v1::RemoveDataReply>("phyll.v1.Data/Remove", request, {});
        if (app.json()) {
            std::cout << nlohmann::json{{"event", "removed"},
                                        {"name", set.name()},
                                        {"sha256", in_hexadecimal(set.sha256())}}
                             .dump()
                      << '\n';
        } else {
            std::cout << fmt::format("{}: removed\n", set.name());
        }
    }
}

} // namespace

void add_data_commands(App& app) {
    CLI::App* data = app.commands().add_subcommand("data", "Data sets");
    data->require_subcommand(1);
    data->add_subcommand("list", "What can be trained on")->callback([&app] { list(app); });

    CLI::App* putting =
        data->add_subcommand("put", "Upload data files; run start does so by itself");
    const auto paths = std::make_shared<std::vector<std::string>>();
    putting->add_option("file", *paths, "Data file")->required();
    putting->callback([&app, paths] { put_files(app, *paths); });

    CLI::App* removing = data->add_subcommand("remove", "Remove uploads that no run needs");
    const auto uploads = std::make_shared<std::vector<std::string>>();
    removing->add_option("upload", *uploads, "Name of an upload, or its hash")->required();
    removing->callback([&app, uploads] { remove(app, *uploads); });
}

} // namespace phyll::cli
