#include "group_commands.hpp"

#include "group_view.hpp"
#include "run_commands.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iostream>

namespace phyll::cli {
namespace {

v1::GroupRequest request_for(std::uint64_t group) {
    v1::GroupRequest request;
    request.set_group(group);
    return request;
}

} // namespace

std::uint64_t submit_group(App& app, const v1::SubmitGroupRequest& request) {
    const auto reply =
        app.client().call<v1::SubmitGroupReply>("phyll.v1.Groups/Submit", request, {});
    const std::vector<std::uint64_t> runs(reply.runs().begin(), reply.runs().end());
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "submitted"},
                                    {"group", reply.group()},
                                    {"runs", runs}}
                         .dump()
                  << std::endl;
    } else {
        std::cout << fmt::format("group g{}: {} run{}, {}{}\n", reply.group(), runs.size(),
                                 runs.size() == 1 ? "" : "s", runs.front(),
                                 runs.size() == 1 ? "" : fmt::format(" to {}", runs.back()))
                  << std::flush;
    }
    return reply.group();
}

v1::GroupReply get_group(App& app, std::uint64_t group) {
    return app.client().call<v1::GroupReply>("phyll.v1.Groups/Get", request_for(group));
}

void show_group(App& app, std::uint64_t group) {
    const v1::GroupReply reply = get_group(app, group);
    if (app.json()) {
        std::cout << to_json(reply, "group").dump() << '\n';
    } else {
        print_group(std::cout, reply);
    }
}

void watch_group(App& app, std::uint64_t group) {
    GroupView view(watch_style(app), std::cout, get_group(app, group));
    v1::WatchGroupRequest request;
    request.set_group(group);
    app.let_signals_interrupt();
    try {
        app.client().stream<v1::GroupWatchItem>("phyll.v1.Groups/Watch", request,
                                                [&](const v1::GroupWatchItem& item) {
                                                    view.show(item);
                                                    return true;
                                                });
    } catch (const Error& error) {
        if (error.code() == Code::cancelled) {
            throw Error(error.code(),
                        fmt::format("stopped watching; group g{0} goes on: 'phyllctl run watch "
                                    "g{0}' watches it again, 'phyllctl run cancel g{0}' ends it",
                                    group));
        }
        throw;
    }
    const v1::GroupReply reply = get_group(app, group);
    view.finish(reply);
    app.set_exit(reply.info().state() == v1::SUCCEEDED ? Exit::ok : Exit::failed_run);
}

void cancel_group(App& app, std::uint64_t group) {
    app.client().call<v1::GroupReply>("phyll.v1.Groups/Cancel", request_for(group), {});
    // Those that were running end at their next step.
    v1::WatchGroupRequest request;
    request.set_group(group);
    app.client().stream<v1::GroupWatchItem>("phyll.v1.Groups/Watch", request,
                                            [](const v1::GroupWatchItem&) { return true; });
    show_group(app, group);
}

} // namespace phyll::cli
