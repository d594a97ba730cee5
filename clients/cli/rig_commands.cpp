#include "app.hpp"
#include "csv_file.hpp"
#include "output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/rigs.pb.h>

#include <iostream>
#include <memory>
#include <optional>

namespace phyll::cli {
namespace {

nlohmann::json to_json(const v1::RigInfo& rig) {
    return {{"rig", rig.name()},
            {"kind", rig.spec().kind()},
            {"inputs", rig.spec().inputs_size()},
            {"outputs", rig.spec().outputs_size()},
            {"max_batch", rig.spec().max_batch()},
            {"seconds_per_sample", rig.spec().seconds_per_sample()},
            {"evidence", name_of(rig.spec().evidence())},
            {"health", name_of(rig.health().state())},
            {"health_reason", rig.health().reason()},
            {"safe", rig.safe()},
            {"holder", rig.holder()},
            {"age", rig.age()}};
}

void rigs(App& app) {
    const auto reply = app.client().call<v1::RigsReply>("phyll.v1.Lab/Rigs", v1::RigsRequest());
    Table table({"RIG", "KIND", "IN", "OUT", "EVIDENCE", "HEALTH", "OUTPUTS", "HELD BY", "AGE"});
    for (const v1::RigInfo& rig : reply.rigs()) {
        if (app.json()) {
            std::cout << to_json(rig).dump() << '\n';
        }
        const std::string& reason = rig.health().reason();
        table.add({rig.name(), rig.spec().kind(), std::to_string(rig.spec().inputs_size()),
                   std::to_string(rig.spec().outputs_size()), name_of(rig.spec().evidence()),
                   name_of(rig.health().state()) + (reason.empty() ? "" : ": " + reason),
                   rig.safe() ? "safe" : "driven", rig.holder().empty() ? "-" : rig.holder(),
                   count(rig.age())});
    }
    if (!app.json()) {
        table.print(std::cout);
    }
}

struct QueryArguments {
    std::string rig;
    std::string in;
    std::string out = "-";
    std::optional<std::uint64_t> key;
    std::uint64_t number = 0;
    double timeout_s = 0;
    bool wait = false;
};

void query(App& app, const QueryArguments& arguments) {
    const OwnedBlock stimuli = read_csv(arguments.in);
    v1::RigRequest which;
    which.set_rig(arguments.rig);
    const auto snapshot = app.client().call<v1::SnapshotReply>("phyll.v1.Rigs/Snapshot", which);

    v1::QueryRequest request;
    request.set_rig(arguments.rig);
    request.mutable_stimuli()->set_channels(static_cast<std::uint32_t>(stimuli.channels()));
    request.mutable_stimuli()->set_samples(static_cast<std::uint32_t>(stimuli.samples()));
    if (arguments.key) {
        request.set_key(*arguments.key);
    }
    request.set_number(arguments.number);
    request.set_wait(arguments.wait);
    Client::Timeout timeout;
    if (arguments.timeout_s > 0) {
        timeout = std::chrono::milliseconds(static_cast<long>(arguments.timeout_s * 1e3));
    }
    OwnedBlock responses;
    App::let_signals_interrupt();
    const auto reply = app.client().call<v1::QueryReply>("phyll.v1.Rigs/Query", request,
                                                         stimuli.view(), responses, timeout);
    std::vector<std::string> header;
    for (const v1::ResponseChannel& channel : snapshot.rig().spec().outputs()) {
        header.push_back(fmt::format("{} [{}]", channel.name(), channel.unit()));
    }
    write_csv(arguments.out, header, std::as_const(responses).view());
    if (app.json() && arguments.out != "-") {
        std::cout << nlohmann::json{{"event", "queried"},
                                    {"rig", arguments.rig},
                                    {"samples", responses.samples()},
                                    {"key", reply.key()},
                                    {"number", reply.number()},
                                    {"age", reply.age()},
                                    {"hardware_seconds", reply.hardware_seconds()},
                                    {"evidence", name_of(reply.evidence())}}
                         .dump()
                  << '\n';
    } else {
        std::cerr << fmt::format("{} sample{} in {} on {} ({}), key {}\n",
                                 count(responses.samples()), responses.samples() == 1 ? "" : "s",
                                 duration(reply.hardware_seconds()), arguments.rig,
                                 name_of(reply.evidence()), reply.key());
    }
}

} // namespace

void add_rig_commands(App& app) {
    app.commands().add_subcommand("rigs", "The rigs and how they are")->callback([&app] {
        rigs(app);
    });
    CLI::App* command = app.commands().add_subcommand(
        "query", "Send a block of stimuli through a rig and keep the responses");
    const auto arguments = std::make_shared<QueryArguments>();
    command->add_option("rig", arguments->rig, "Name of the rig")->required();
    command
        ->add_option("--in", arguments->in,
                     "CSV file of drives in 0 to 1, one sample per line; "
                     "- is standard input")
        ->required();
    command->add_option("--out", arguments->out,
                        "CSV file for the responses; - is standard output");
    command->add_option("--key", arguments->key,
                        "Identity of the samples: the same key and number "
                        "give the same noise");
    command->add_option("--number", arguments->number, "Number of the first sample");
    command->add_option("--timeout", arguments->timeout_s, "Give up after this many seconds")
        ->check(CLI::Range(0.001, 4e6));
    command->add_flag("--wait", arguments->wait, "Wait until the rig is free");
    command->callback([&app, arguments] { query(app, *arguments); });
}

} // namespace phyll::cli
