#include "app.hpp"
#include "doctor_own.hpp"
#include "when.hpp"

#include <chrono>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

namespace phyll::cli {
namespace {

/// The daemon bounds its checks by less.
constexpr std::chrono::milliseconds examination_timeout{30'000};

/// What the daemon finds, and how its clock differs.
void ask_to_examine(Client& client, std::vector<Finding>& findings) {
    v1::ExamineReply reply;
    try {
        reply = client.call<v1::ExamineReply>("phyll.v1.Lab/Examine", v1::ExamineRequest(),
                                              examination_timeout);
    } catch (const Error& error) {
        if (error.code() != Code::unimplemented && error.code() != Code::deadline_exceeded) {
            throw;
        }
        const bool old = error.code() == Code::unimplemented;
        findings.push_back(
            {.severity = old ? Severity::note : Severity::warning,
             .check = "daemon",
             .subject = client.endpoint(),
             .finding = old ? "this phylld does not look at its own machine"
                            : "phylld answers, but did not end its checks within 30 s",
             .advice = old ? "install a newer one"
                           : "a disk or a network folder that hangs keeps it: 'dmesg' there, and "
                             "'phylld --examine' one by one shows at what"});
        return;
    }
    findings.push_back(compare_clocks(reply.time(), seconds_now()));
    for (const v1::Examined& line : reply.examined()) {
        findings.push_back(finding_of(line));
    }
}

void doctor(App& app, bool all) {
    std::vector<Finding> findings;
    Exit status = Exit::ok;
    try {
        Client& client = app.client();
        const auto described =
            client.call<v1::DescribeReply>("phyll.v1.Lab/Describe", v1::DescribeRequest());
        findings.push_back({.severity = Severity::fine,
                            .check = "daemon",
                            .subject = client.endpoint(),
                            .finding = "it answers",
                            .advice = ""});
        for (Finding& line : compare_builds(own_build(), described)) {
            findings.push_back(std::move(line));
        }
        ask_to_examine(client, findings);
    } catch (const Error& error) {
        findings.push_back(not_reached(app.place().endpoint, error));
        status = exit_for(error.code());
    }
    if (status == Exit::ok && worst(findings) > Severity::note) {
        status = Exit::unwell;
    }
    say(std::move(findings), {.json = app.json(), .all = all}, std::cout);
    app.set_exit(status);
}

} // namespace

void add_doctor_command(App& app) {
    CLI::App* command = app.commands().add_subcommand(
        "doctor", "Look for what stands in the way of the lab, and say what to do about it: exit "
                  "status 0 when there is nothing worse than notes, else 5");
    const auto all = std::make_shared<bool>(false);
    command->add_flag("--all", *all, "Also what was found fine");
    command->callback([&app, all] { doctor(app, *all); });
}

} // namespace phyll::cli
