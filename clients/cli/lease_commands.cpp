#include "app.hpp"
#include "held_command.hpp"
#include "lease_token.hpp"
#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/leases.pb.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace phyll::cli {
namespace {

struct TakeArguments {
    std::vector<std::string> rigs;
    std::string note;
    double seconds = 0.0;
    bool wait = false;
};

nlohmann::json to_json(const v1::Lease& lease) {
    nlohmann::json out{{"lease", lease.number()},      {"rigs", lease.rigs()},
                       {"holder", lease.holder()},     {"note", lease.note()},
                       {"waiting", lease.waiting()},   {"waits_for", lease.waits_for()},
                       {"priority", lease.priority()}, {"since", lease.since()},
                       {"time_to_live", nullptr},      {"seconds_left", nullptr}};
    if (lease.time_to_live() > 0) {
        out["time_to_live"] = lease.time_to_live();
        if (!lease.waiting()) {
            out["seconds_left"] = lease.seconds_left();
        }
    }
    return out;
}

std::string ends(const v1::Lease& lease) {
    return lease.waiting()             ? "waits: " + lease.waits_for()
           : lease.time_to_live() == 0 ? "when its holder ends it"
                                       : "in " + duration(lease.seconds_left());
}

void list_leases(App& app) {
    const auto reply =
        app.client().call<v1::ListLeasesReply>("phyll.v1.Leases/List", v1::ListLeasesRequest());
    Table table({"LEASE", "RIGS", "HOLDER", "SINCE", "ENDS", "NOTE"});
    for (const v1::Lease& lease : reply.leases()) {
        if (app.json()) {
            std::cout << to_json(lease).dump() << '\n';
        }
        table.add({std::to_string(lease.number()), fmt::format("{}", fmt::join(lease.rigs(), ", ")),
                   lease.holder(), local_time(lease.since()), ends(lease), lease.note()});
    }
    if (!app.json()) {
        table.print(std::cout);
    }
}

v1::TakeLeaseRequest request_of(const TakeArguments& arguments) {
    v1::TakeLeaseRequest request;
    request.mutable_rigs()->Assign(arguments.rigs.begin(), arguments.rigs.end());
    request.set_note(arguments.note);
    request.set_time_to_live(arguments.seconds);
    request.set_wait(arguments.wait);
    return request;
}

void take(App& app, const TakeArguments& arguments) {
    app.let_signals_interrupt();
    const auto reply =
        app.client().call<v1::TakeLeaseReply>("phyll.v1.Leases/Take", request_of(arguments), {});
    const std::string token = token_in_hex(reply.token());
    if (app.json()) {
        nlohmann::json line = to_json(reply.lease());
        line["event"] = "leased";
        line["token"] = token;
        std::cout << line.dump() << '\n';
        return;
    }
    std::cout << token << '\n';
    std::cerr << fmt::format("{} is yours for {}: export {}=TOKEN lets the commands of this shell "
                             "use it, 'phyllctl lease renew TOKEN' begins that time anew\n",
                             fmt::join(reply.lease().rigs(), ", "),
                             duration(reply.lease().time_to_live()), lease_variable);
}

void renew(App& app, const std::string& token) {
    v1::LeaseRequest request;
    request.set_token(token_from_hex(token));
    const v1::Lease lease =
        app.client().call<v1::LeaseReply>("phyll.v1.Leases/Renew", request).lease();
    if (app.json()) {
        nlohmann::json line = to_json(lease);
        line["event"] = "renewed";
        std::cout << line.dump() << '\n';
        return;
    }
    std::cout << fmt::format("{} is yours for {} more\n", fmt::join(lease.rigs(), ", "),
                             duration(lease.seconds_left()));
}

void release(App& app, const std::string& token) {
    v1::LeaseRequest request;
    request.set_token(token_from_hex(token));
    app.client().call<v1::ReleaseLeaseReply>("phyll.v1.Leases/Release", request);
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "released"}}.dump() << '\n';
        return;
    }
    std::cout << "released\n";
}

struct BreakArguments {
    std::string rig;
    std::string note;
};

void break_lease(App& app, const BreakArguments& arguments) {
    v1::BreakLeaseRequest request;
    request.set_rig(arguments.rig);
    request.set_note(arguments.note);
    const v1::Lease lease =
        app.client().call<v1::BreakLeaseReply>("phyll.v1.Leases/Break", request).lease();
    if (app.json()) {
        nlohmann::json line = to_json(lease);
        line["event"] = "broken";
        std::cout << line.dump() << '\n';
        return;
    }
    std::cout << fmt::format("the lease of {} on {} is broken\n", lease.holder(),
                             fmt::join(lease.rigs(), ", "));
}

void run(App& app, const TakeArguments& arguments) {
    if (app.command_after_dashes().empty()) {
        throw invalid_field("command", "missing; say after -- what is to run under the lease: "
                                       "phyllctl lease run cavity -- python3 scan.py");
    }
    app.set_exit(run_under_lease(app, request_of(arguments), app.command_after_dashes()));
}

void add_take_options(CLI::App& command, TakeArguments& arguments, const char* time) {
    command.add_option("rigs", arguments.rigs, "Names of the rigs: all or none")->required();
    command.add_option("--note", arguments.note, "What for, for whoever finds them held");
    command.add_option("--for", arguments.seconds, time)
        ->transform(CLI::AsNumberWithUnit(
            std::map<std::string, double>{{"ms", 1e-3}, {"s", 1.0}, {"min", 60.0}, {"h", 3600.0}},
            CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"));
    command.add_flag("--wait", arguments.wait, "Get in line where they are not free");
}

void add_token_command(App& app, CLI::App& lease, const char* name, const char* about,
                       void (*action)(App&, const std::string&)) {
    CLI::App* command = lease.add_subcommand(name, about);
    const auto token = std::make_shared<std::string>();
    command->add_option("token", *token, "What 'lease take' printed")
        ->required()
        ->envname(lease_variable);
    command->callback([&app, token, action] { action(app, *token); });
}

} // namespace

void add_lease_commands(App& app) {
    CLI::App* lease = app.commands().add_subcommand("lease", "Who may drive which rigs");
    lease->require_subcommand(1);
    lease->add_subcommand("list", "Who holds which rigs, and who waits for them")->callback([&app] {
        list_leases(app);
    });

    CLI::App* taking =
        lease->add_subcommand("take", "Hold rigs, so that nobody else drives them; prints a token");
    const auto wanted = std::make_shared<TakeArguments>();
    add_take_options(*taking, *wanted,
                     "How long, unless it is renewed: 30s, 20min, 2h; default 5s, 24 h at most");
    taking->callback([&app, wanted] { take(app, *wanted); });

    add_token_command(app, *lease, "renew", "Begin the time of a lease anew", renew);
    add_token_command(app, *lease, "release", "End a lease; its rigs are made safe", release);

    CLI::App* breaking =
        lease->add_subcommand("break", "End somebody else's lease on a rig (admins only)");
    const auto broken = std::make_shared<BreakArguments>();
    breaking->add_option("rig", broken->rig, "Name of the rig")->required();
    breaking->add_option("--note", broken->note, "Why; whoever held it is told");
    breaking->callback([&app, broken] { break_lease(app, *broken); });

    CLI::App* running = lease->add_subcommand(
        "run", "Hold rigs while a command runs: phyllctl lease run cavity -- python3 scan.py");
    const auto job = std::make_shared<TakeArguments>();
    add_take_options(*running, *job,
                     "After how long without a sign of life of this process the rigs are made "
                     "safe: 2s, 30s; default 5s");
    running->callback([&app, job] { run(app, *job); });
}

} // namespace phyll::cli
