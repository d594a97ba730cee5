#include "app.hpp"
#include "output.hpp"
#include "when.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/admin.pb.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <iostream>
#include <memory>
#include <string>

namespace phyll::cli {
namespace {

/// phylld takes requests for ten times as many.
constexpr std::uint32_t entries_of_a_page = 1000;

struct AuditArguments {
    std::uint32_t limit = 100;
    std::string who;
    bool refused = false;
    std::string since;
};

nlohmann::json to_json(const v1::AuditEntry& entry) {
    return {{"number", entry.number()},
            {"first", entry.first()},
            {"last", entry.last()},
            {"count", entry.count()},
            {"who", entry.who()},
            {"address", entry.address()},
            {"method", entry.method()},
            {"what", entry.what()},
            {"code", name_of(static_cast<Code>(entry.code()))},
            {"message", entry.message()}};
}

/// "cavity; not done: cavity is held by run 3", on one line.
std::string what_came_of_it(const v1::AuditEntry& entry) {
    if (entry.code() == static_cast<int>(Code::ok)) {
        return entry.what();
    }
    return fmt::format("{}{}not done: {}", entry.what(), entry.what().empty() ? "" : "; ",
                       entry.message().substr(0, entry.message().find('\n')));
}

void add_to(Table& table, const v1::AuditEntry& entry) {
    table.add({local_time(entry.last()), count(entry.count()), entry.who(),
               entry.address().empty() ? "-" : entry.address(), entry.method(),
               what_came_of_it(entry)});
}

/// Newest first, page after page, until there are as many as the request wants or no more.
template <class Take>
void each_entry(App& app, v1::AuditRequest request, const Take& take) {
    std::uint32_t wanted = request.limit();
    while (wanted > 0) {
        request.set_limit(std::min(wanted, entries_of_a_page));
        const auto reply = app.client().call<v1::AuditReply>("phyll.v1.Admin/Audit", request);
        for (const v1::AuditEntry& entry : reply.entries()) {
            take(entry);
            request.set_before(entry.number());
        }
        wanted = static_cast<std::uint32_t>(reply.entries_size()) < request.limit()
                     ? 0
                     : wanted - request.limit();
    }
}

void audit(App& app, const AuditArguments& arguments) {
    v1::AuditRequest request;
    request.set_limit(arguments.limit);
    request.set_who(arguments.who);
    request.set_refused(arguments.refused);
    if (!arguments.since.empty()) {
        request.set_since(
            parse_when("--since", arguments.since, static_cast<double>(std::time(nullptr))));
    }
    if (app.json()) {
        each_entry(app, request,
                   [](const v1::AuditEntry& entry) { std::cout << to_json(entry).dump() << '\n'; });
        return;
    }
    Table table({"TIME", "TIMES", "WHO", "FROM", "CALL", "WHAT"});
    each_entry(app, request, [&](const v1::AuditEntry& entry) { add_to(table, entry); });
    table.print(std::cout);
}

} // namespace

void add_audit_command(App& app) {
    CLI::App* command =
        app.commands().add_subcommand("audit", "Who did what, newest first (admins only)");
    const auto arguments = std::make_shared<AuditArguments>();
    command->add_option("--limit", arguments->limit, "At most so many entries; default 100")
        ->check(CLI::Range(1, 1'000'000));
    command->add_option("--who", arguments->who, "Only of those whose name contains this");
    command->add_flag("--refused", arguments->refused,
                      "Only what was refused for want of a key or a role");
    command->add_option("--since", arguments->since,
                        "Only since then: 2026-11-24, 2026-11-24T10:00, 90min, 2h, 3d");
    command->callback([&app, arguments] { audit(app, *arguments); });
}

} // namespace phyll::cli
