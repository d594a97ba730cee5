// What befalls a rig beside being asked: it is touched, calibrated, simulations are displaced and
// made to fail.

#include "app.hpp"
#include "calibration_view.hpp"
#include "output.hpp"
#include "rig_actions.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/admin.pb.h>
#include <phyll/v1/rigs.pb.h>

#include <iostream>
#include <memory>
#include <string>

namespace phyll::cli {
namespace {

struct Arguments {
    std::string rig;
    double fraction = 0.0;
    std::string kind;
    std::uint32_t count = 1;
    std::uint64_t after = 0;
    std::string note;
};

void touched(App& app, const Arguments& arguments) {
    v1::RigNoteRequest request;
    request.set_rig(arguments.rig);
    request.set_note(arguments.note);
    const v1::RigInfo rig = app.client().call<v1::RigReply>("phyll.v1.Rigs/Touched", request).rig();
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "touched"},
                                    {"rig", rig.name()},
                                    {"era", rig.era()},
                                    {"era_since", rig.era_since()},
                                    {"era_reason", rig.era_reason()}}
                         .dump()
                  << '\n';
        return;
    }
    std::cout << fmt::format("{}: era {} begins; what was measured before is not answered again\n",
                             rig.name(), rig.era());
}

void calibrate(App& app, const Arguments& arguments) {
    v1::RigRequest request;
    request.set_rig(arguments.rig);
    app.let_signals_interrupt(); // it waits its turn, and then takes its time
    const v1::RigInfo rig =
        app.driving_client().call<v1::RigReply>("phyll.v1.Rigs/Calibrate", request, {}).rig();
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "calibrated"},
                                    {"rig", rig.name()},
                                    {"calibration", calibration_json(rig.calibration())},
                                    {"era", rig.era()},
                                    {"era_since", rig.era_since()},
                                    {"era_reason", rig.era_reason()}}
                         .dump()
                  << '\n';
        return;
    }
    std::cout << fmt::format("{} is calibrated:\n", rig.name());
    print_quantities(rig.calibration(), std::cout);
    std::cout << fmt::format("era {} begins; what was measured before is not answered again\n",
                             rig.era());
}

void perturb(App& app, const Arguments& arguments) {
    v1::PerturbRequest request;
    request.set_rig(arguments.rig);
    request.set_fraction(arguments.fraction);
    const auto reply = app.client().call<v1::PerturbReply>("phyll.v1.Admin/Perturb", request);
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "perturbed"},
                                    {"rig", arguments.rig},
                                    {"fraction", arguments.fraction},
                                    {"amount", reply.amount()}}
                         .dump()
                  << '\n';
        return;
    }
    std::cout << fmt::format("{} is perturbed by {:g}: displaced by {:.4g} of its own steps\n",
                             arguments.rig, arguments.fraction, reply.amount());
}

void fault(App& app, const Arguments& arguments) {
    v1::InjectFaultRequest request;
    request.set_rig(arguments.rig);
    request.set_kind(arguments.kind);
    request.set_count(arguments.count);
    request.set_after(arguments.after);
    static_cast<void>(
        app.client().call<v1::InjectFaultReply>("phyll.v1.Admin/InjectFault", request));
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "fault_planned"},
                                    {"rig", arguments.rig},
                                    {"kind", arguments.kind},
                                    {"count", arguments.count},
                                    {"after", arguments.after}}
                         .dump()
                  << '\n';
        return;
    }
    std::cout << fmt::format(
        "{} will have the fault '{}' {}, count {}\n", arguments.rig, arguments.kind,
        arguments.after == 0 ? "at its next query"
                             : fmt::format("after {} more {}", count(arguments.after),
                                           arguments.after == 1 ? "query" : "queries"),
        arguments.count);
}

} // namespace

void add_rig_care_commands(App& app) {
    CLI::App* rig = app.commands().get_subcommand("rig");
    const auto arguments = std::make_shared<Arguments>();
    const auto add = rig_actions(app, *rig, arguments);
    add("touched", "Say that something was changed at a rig: it is another device from now on",
        touched)
        ->add_option("--note", arguments->note, "What was changed")
        ->required();
    add("calibrate", "Measure what the numbers of a rig made of instruments mean", calibrate);
    add("perturb", "Displace a simulated rig, until it is displaced again or phylld ends", perturb)
        ->add_option("fraction", arguments->fraction,
                     "Its responses correlate with the nominal device's by 1 - FRACTION; 0: the "
                     "nominal device")
        ->required();
    CLI::App* failing = add("fault", "Make a fault happen to a simulated rig", fault);
    failing
        ->add_option("kind", arguments->kind,
                     "fail, hang, stuck, not_finite, out_of_range or disconnect; 'phylld --explain "
                     "faults' says what each does")
        ->required();
    failing->add_option("--count", arguments->count,
                        "How many queries in a row it happens to; of disconnect, how many "
                        "recoveries it takes. Default: 1");
    failing->add_option("--after", arguments->after, "How many queries pass before. Default: 0");
}

} // namespace phyll::cli
