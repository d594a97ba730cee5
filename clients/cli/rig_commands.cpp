#include "app.hpp"
#include "calibration_view.hpp"
#include "csv_file.hpp"
#include "instrument_commands.hpp"
#include "output.hpp"
#include "rig_blocks.hpp"
#include "stimuli.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/rigs.pb.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
            {"evidence_of", rig.spec().evidence_of()},
            {"notes", rig.spec().notes()},
            {"closed_domain", rig.spec().closed_domain()},
            {"health", name_of(rig.health().state())},
            {"health_reason", rig.health().reason()},
            {"safe", rig.safe()},
            {"holder", rig.holder()},
            {"age", rig.age()},
            {"era", rig.era()},
            {"era_since", rig.era_since()},
            {"era_reason", rig.era_reason()},
            {"limits", rig.spec().limits()},
            {"blocks", blocks_json(rig)},
            {"calibration",
             rig.has_calibration() ? calibration_json(rig.calibration()) : nlohmann::json()}};
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
                   rig.safe() ? "safe" : "driven",
                   !rig.blocks().empty()  ? blocks_in_words(rig)
                   : rig.holder().empty() ? "-"
                                          : rig.holder(),
                   count(rig.age())});
    }
    if (!app.json()) {
        table.print(std::cout);
    }
}

v1::RigInfo known_of(App& app, const std::string& rig) {
    v1::RigRequest which;
    which.set_rig(rig);
    return app.client().call<v1::RigReply>("phyll.v1.Rigs/Get", which).rig();
}

std::string levels(const v1::DriveChannel& channel) {
    return channel.levels() == 0 ? "continuous" : std::to_string(channel.levels());
}

void print_channels(const v1::LayerSpec& spec) {
    Table inputs({"INPUT", "UNIT", "AT DRIVE 0", "AT DRIVE 1", "LEVELS"});
    for (const v1::DriveChannel& channel : spec.inputs()) {
        inputs.add({channel.name(), channel.unit(), fmt::format("{}", channel.at_zero()),
                    fmt::format("{}", channel.at_one()), levels(channel)});
    }
    inputs.print(std::cout);
    const bool noted = std::ranges::any_of(
        spec.outputs(), [](const v1::ResponseChannel& channel) { return !channel.note().empty(); });
    std::vector<std::string> columns{"OUTPUT", "UNIT", "MINIMUM", "MAXIMUM"};
    if (noted) {
        columns.emplace_back("NOTE");
    }
    Table outputs(columns);
    for (const v1::ResponseChannel& channel : spec.outputs()) {
        std::vector<std::string> row{channel.name(), channel.unit(),
                                     fmt::format("{:.6g}", channel.minimum()),
                                     fmt::format("{:.6g}", channel.maximum())};
        if (noted) {
            row.push_back(channel.note());
        }
        outputs.add(row);
    }
    outputs.print(std::cout);
}

/// One rig with all its channels.
void rig(App& app, const std::string& name) {
    const v1::RigInfo info = known_of(app, name);
    const v1::LayerSpec& spec = info.spec();
    if (app.json()) {
        nlohmann::json line = to_json(info);
        line["input_channels"] = nlohmann::json::array();
        for (const v1::DriveChannel& channel : spec.inputs()) {
            line["input_channels"].push_back({{"name", channel.name()},
                                              {"unit", channel.unit()},
                                              {"at_zero", channel.at_zero()},
                                              {"at_one", channel.at_one()},
                                              {"levels", channel.levels()}});
        }
        line["output_channels"] = nlohmann::json::array();
        for (const v1::ResponseChannel& channel : spec.outputs()) {
            line["output_channels"].push_back({{"name", channel.name()},
                                               {"unit", channel.unit()},
                                               {"minimum", channel.minimum()},
                                               {"maximum", channel.maximum()},
                                               {"note", channel.note()}});
        }
        std::cout << line.dump() << '\n';
        return;
    }
    const std::string& reason = info.health().reason();
    std::cout << fmt::format("{}: {}, {} samples at once, {:g} s per sample nominally, {}\n"
                             "{}{}, outputs {}, held by {}, age {} samples\n",
                             info.name(), spec.kind(), count(spec.max_batch()),
                             spec.seconds_per_sample(), name_of(spec.evidence()),
                             name_of(info.health().state()), reason.empty() ? "" : ": " + reason,
                             info.safe() ? "safe" : "driven",
                             info.holder().empty() ? "nobody" : info.holder(), count(info.age()));
    if (!info.blocks().empty()) {
        std::cout << fmt::format("nobody drives it: {}\n", blocks_in_words(info));
    }
    if (info.era_since() > 0) {
        std::cout << fmt::format("era {} since {}: {}\n", info.era(), local_time(info.era_since()),
                                 info.era_reason());
    } else {
        std::cout << fmt::format("era {}, since ever\n", info.era());
    }
    if (!spec.evidence_of().empty()) {
        std::cout << fmt::format("{} of {}\n", name_of(spec.evidence()), spec.evidence_of());
    }
    if (info.has_calibration()) {
        std::cout << fmt::format("calibration {}\n", in_words(info.calibration()));
        print_quantities(info.calibration(), std::cout);
    }
    for (const std::string& limit : spec.limits()) {
        std::cout << "limit: " << limit << '\n';
    }
    if (info.has_calibration()) {
        print_instruments(list_instruments(app), info.name(), std::cout);
    }
    for (const std::string& note : spec.notes()) {
        std::cout << note << '\n';
    }
    print_channels(spec);
}

struct QueryArguments {
    std::string rig;
    std::string in;
    std::string out = "-";
    std::string units = "drive";
    std::optional<std::uint64_t> key;
    std::uint64_t number = 0;
    double timeout_s = 0;
    bool wait = false;
};

void query(App& app, const QueryArguments& arguments) {
    const CsvNumbers numbers = read_csv(arguments.in);
    const v1::LayerSpec spec = known_of(app, arguments.rig).spec();
    const OwnedBlock stimuli =
        drives_of(numbers, spec, arguments.units == "physical" ? Units::physical : Units::drive);

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
    app.let_signals_interrupt();
    const auto reply = app.driving_client().call<v1::QueryReply>(
        "phyll.v1.Rigs/Query", request, stimuli.view(), responses, timeout);
    std::vector<std::string> header;
    for (const v1::ResponseChannel& channel : spec.outputs()) {
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
    CLI::App* listing = app.commands().add_subcommand(
        "rigs", "The rigs and how they are; or one, with its channels");
    const auto name = std::make_shared<std::string>();
    listing->add_option("rig", *name, "Name of a rig");
    listing->callback([&app, name] { name->empty() ? rigs(app) : rig(app, *name); });

    CLI::App* command = app.commands().add_subcommand(
        "query", "Send a block of stimuli through a rig and keep the responses");
    const auto arguments = std::make_shared<QueryArguments>();
    command->add_option("rig", arguments->rig, "Name of the rig")->required();
    command
        ->add_option("--in", arguments->in,
                     "CSV file of stimuli, one sample per line; a header that names "
                     "the rig's inputs lets the columns come in any order; "
                     "- is standard input")
        ->required();
    command
        ->add_option("--units", arguments->units,
                     "What the stimuli are: drive, from 0 to 1 (the default), or "
                     "physical, in each input's own unit (see 'phyllctl rigs RIG')")
        ->check(CLI::IsMember({"drive", "physical"}));
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
