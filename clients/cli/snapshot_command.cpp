// What a rig of instruments sees, as files for the lab book.

#include "app.hpp"
#include "file_aside.hpp"
#include "output.hpp"
#include "rig_actions.hpp"
#include "sweep_picture.hpp"
#include "touchstone.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/rigs.pb.h>

#include <ctime>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace phyll::cli {
namespace {

struct SnapshotArguments {
    std::string rig;
    std::string out;
};

/// "cavity-20261128-203000"
std::string name_for(const SnapshotArguments& arguments, const v1::SnapshotReply& reply) {
    return arguments.out.empty()
               ? fmt::format("{}-{:%Y%m%d-%H%M%S}", arguments.rig,
                             fmt::localtime(static_cast<std::time_t>(reply.time())))
               : arguments.out;
}

void save(const std::string& file, std::span<const std::byte> bytes) {
    FileAside out(file);
    out.write(bytes);
    out.finish();
}

std::vector<std::string> save_sweep(const std::string& name, const v1::SnapshotReply& reply) {
    const v1::SweepSnapshot& sweep = reply.sweep();
    for (const auto* values : {&sweep.s11(), &sweep.s21(), &sweep.s12(), &sweep.s22()}) {
        if (sweep.frequencies_size() < 2 || values->size() != 2 * sweep.frequencies_size()) {
            throw Error(Code::data_loss,
                        fmt::format("phylld sent {} numbers for the {} frequencies of a sweep",
                                    values->size(), sweep.frequencies_size()));
        }
    }
    const std::string title = fmt::format(
        "{}, {}: {} points, {:g} Hz wide, {:g} dBm", reply.rig().name(), local_time(reply.time()),
        sweep.frequencies_size(), sweep.if_bandwidth(), sweep.power());
    std::ostringstream text;
    write_touchstone(sweep, title + "\n" + reply.rig().spec().evidence_of(), text);
    const std::string touchstone = text.str();
    save(name + ".s2p", std::as_bytes(std::span(touchstone)));
    save(name + ".png", picture_of(sweep, title));
    return {name + ".s2p", name + ".png"};
}

void snapshot(App& app, const SnapshotArguments& arguments) {
    v1::RigRequest request;
    request.set_rig(arguments.rig);
    app.let_signals_interrupt(); // it waits its turn
    const auto reply = app.client().call<v1::SnapshotReply>("phyll.v1.Rigs/Snapshot", request, {});
    if (!reply.has_sweep()) {
        throw Error(Code::unimplemented, "phylld sent a snapshot of a kind that this phyllctl does "
                                         "not know; a newer one does");
    }
    const std::vector<std::string> files = save_sweep(name_for(arguments, reply), reply);
    if (app.json()) {
        std::cout << nlohmann::json{{"event", "snapshot_saved"},
                                    {"rig", arguments.rig},
                                    {"time", reply.time()},
                                    {"files", files}}
                         .dump()
                  << '\n';
        return;
    }
    std::cout << fmt::format("{}\n", fmt::join(files, "\n"));
}

} // namespace

void add_snapshot_command(App& app) {
    CLI::App* rig = app.commands().get_subcommand("rig");
    const auto arguments = std::make_shared<SnapshotArguments>();
    rig_actions(app, *rig, arguments)("snapshot",
                                      "Save what a rig made of instruments sees: of a microwave "
                                      "rig a sweep, as Touchstone (.s2p) "
                                      "and as a picture (.png)",
                                      snapshot)
        ->add_option("--out", arguments->out,
                     "Where to, without the ending. Default: the rig's name and the time");
}

} // namespace phyll::cli
