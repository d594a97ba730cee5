// What a rig of instruments sees, as files for the lab book.

#include "app.hpp"
#include "file_aside.hpp"
#include "frame_files.hpp"
#include "output.hpp"
#include "pose_options.hpp"
#include "rig_actions.hpp"
#include "sound_files.hpp"
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
    PoseOptions pose;
    bool whole = false;
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

std::vector<std::string> save_frame(const std::string& name, const v1::SnapshotReply& reply) {
    save(name + ".png", png_of(reply.frame()));
    save(name + ".npy", npy_of(reply.frame()));
    return {name + ".png", name + ".npy"};
}

std::vector<std::string> save_sound(App& app, const std::string& name,
                                    const v1::SnapshotReply& reply) {
    const v1::SoundSnapshot& sound = reply.sound();
    save(name + ".wav", wav_of(sound)); // also where it is too short for a spectrum
    const Spectrum spectrum = spectrum_of(sound);
    const std::string title =
        fmt::format("{}, {}: what was recorded last, {:g} frames a second", reply.rig().name(),
                    local_time(reply.time()), sound.rate());
    save(name + ".png", picture_of(sound, spectrum, title));
    if (!app.json()) {
        std::cout << lines_of(sound, spectrum);
    }
    return {name + ".wav", name + ".png"};
}

std::vector<std::string> save(App& app, const std::string& name, const v1::SnapshotReply& reply) {
    switch (reply.what_case()) {
    case v1::SnapshotReply::kSweep:
        return save_sweep(name, reply);
    case v1::SnapshotReply::kFrame:
        return save_frame(name, reply);
    case v1::SnapshotReply::kSound:
        return save_sound(app, name, reply);
    case v1::SnapshotReply::WHAT_NOT_SET:
        break;
    }
    throw Error(Code::unimplemented, "phylld sent a snapshot of a kind that this phyllctl does not "
                                     "know; a newer one does");
}

void snapshot(App& app, const SnapshotArguments& arguments) {
    v1::SnapshotRequest request;
    request.set_rig(arguments.rig);
    if (arguments.pose.given()) {
        *request.mutable_pose() = pose_of(arguments.pose);
    }
    request.set_whole(arguments.whole);
    app.let_signals_interrupt(); // it waits its turn
    const auto reply =
        app.driving_client().call<v1::SnapshotReply>("phyll.v1.Rigs/Snapshot", request, {});
    const std::vector<std::string> files = save(app, name_for(arguments, reply), reply);
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
    CLI::App* command = rig_actions(app, *rig, arguments)(
        "snapshot",
        "Save what a rig made of instruments sees: of a microwave rig a sweep, as Touchstone "
        "(.s2p) and as a picture (.png); of an optical rig a frame of its reference pattern, as a "
        "picture (.png) and as counts for numpy (.npy); of an acoustic rig what it recorded last, "
        "as "
        "sound (.wav) and as a spectrum, here and as a picture (.png)",
        snapshot);
    command->add_option("--out", arguments->out,
                        "Where to, without the ending. Default: the rig's name and the time");
    add_pose_options(*command, arguments->pose);
    command->add_flag("--whole", arguments->whole,
                      "The whole sensor of a camera, not only the region that the rig reads");
}

} // namespace phyll::cli
