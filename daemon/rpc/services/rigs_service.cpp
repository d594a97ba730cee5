#include "daemon/rig/evidence.hpp"
#include "daemon/rig/snapshot_wire.hpp"
#include "daemon/rpc/services/desk.hpp"
#include "daemon/rpc/services/rig_stream.hpp"
#include "daemon/rpc/services/turn.hpp"
#include "drivers/core/text.hpp"

#include <phyll/v1/rigs.pb.h>

#include <boost/asio/post.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace phyll::rpc {
namespace {

constexpr std::size_t longest_note = 1000;
/// In seconds: what an instrument is used for by hand may take that long.
constexpr double longest_jog = 600.0;

using MeasurementPtr = std::shared_ptr<rig::Measurement>;

void answer(Call& call, rig::Measurement& measurement, const LayerSpec& spec) {
    v1::QueryReply reply;
    zmq::message_t payload =
        give_block(std::move(measurement.responses), *reply.mutable_responses());
    reply.set_key(measurement.context.key);
    reply.set_number(measurement.context.number);
    reply.set_age(measurement.context.age);
    reply.set_hardware_seconds(measurement.seconds);
    reply.set_evidence(rig::to_wire(spec.evidence));
    Frames frames;
    frames.push_back(std::move(payload));
    call.reply(reply, std::move(frames));
}

void query(const Site& site, const v1::QueryRequest& request, const std::shared_ptr<Call>& call) {
    rig::RigThread& rig = site.lab.rig(request.rig());
    require_driver(rig);
    const auto measurement = std::make_shared<rig::Measurement>();
    measurement->stimuli = call->read_payload(request.stimuli(), "stimuli");
    measurement->context.key = request.has_key() ? request.key() : fresh_key();
    measurement->context.number = request.number();
    const auto measure = [&rig, call, measurement](const std::stop_token& stop, Turn::Done done) {
        measurement->context.stop = stop;
        measurement->context.deadline = call->deadline();
        rig.measure(measurement,
                    [measurement, done = std::move(done)] { done(measurement->failure); });
    };
    std::make_shared<Turn>(site, std::set{rig.name()}, call, measure, [&rig, call, measurement] {
        answer(*call, *measurement, rig.spec());
    })->start("a query", request.wait());
}

/// What was measured before a calibration is of a device whose numbers meant something else.
v1::RigReply calibrated(const Site& site, rig::RigThread& rig, const Call& call) {
    const runs::RigEra era =
        site.store.end_era(rig.name(), "calibrated", runs::wall_seconds(site.clock));
    rig.set_era(era.era);
    spdlog::info("rig {} was calibrated by {}, era {} begins", in_quotes(rig.name()),
                 call.caller().name, era.era);
    v1::RigReply reply;
    *reply.mutable_rig() = describe(rig, site);
    return reply;
}

/// Does something with a rig's instruments in its turn among runs and queries, and answers with
/// what `reply` makes of it, on the loop.
void use_instruments(const Site& site, const std::string& name, const char* what,
                     const std::shared_ptr<Call>& call, rig::Device::UseInstruments use,
                     std::function<void(rig::RigThread&)> reply) {
    rig::RigThread& rig = site.lab.rig(name);
    require_driver(rig);
    if (!rig.calibration()) {
        throw Error(Code::failed_precondition,
                    fmt::format("rig {} is not made of instruments, as it takes for {}",
                                in_quotes(rig.name()), what));
    }
    const auto begin = [&rig, what, use = std::move(use)](const std::stop_token& stop,
                                                          Turn::Done done) {
        rig.use_instruments(what, stop, use, std::move(done));
    };
    std::make_shared<Turn>(site, std::set{rig.name()}, call, begin,
                           [&rig, reply = std::move(reply)] { reply(rig); })
        ->start(what, true);
}

void calibrate(const Site& site, const v1::RigRequest& request, const std::shared_ptr<Call>& call) {
    use_instruments(
        site, request.rig(), "a calibration", call,
        [](rig::InstrumentControls& controls, const instruments::Patience& patience) {
            controls.calibrate(patience);
        },
        [&site, call](rig::RigThread& rig) { call->reply(calibrated(site, rig, *call)); });
}

void snapshot(const Site& site, const v1::SnapshotRequest& request,
              const std::shared_ptr<Call>& call) {
    rigs::View view{.whole = request.whole()};
    if (request.has_pose()) {
        view.pose = rig::from_wire(request.pose());
    }
    const auto seen = std::make_shared<v1::SnapshotReply>();
    use_instruments(
        site, request.rig(), "a snapshot", call,
        [&site, seen, view = std::move(view)](rig::InstrumentControls& controls,
                                              const instruments::Patience& patience) {
            *seen = rig::to_wire(controls.snapshot(view, patience));
            seen->set_time(runs::wall_seconds(site.clock));
        },
        [&site, call, seen](rig::RigThread& rig) {
            *seen->mutable_rig() = describe(rig, site);
            call->reply(*seen);
        });
}

void jog(const Site& site, const v1::JogRequest& request, const std::shared_ptr<Call>& call) {
    if (!(request.seconds() > 0.0 && request.seconds() <= longest_jog)) {
        throw invalid_field("seconds", fmt::format("{:g}; valid is above 0 to {:g}",
                                                   request.seconds(), longest_jog));
    }
    use_instruments(
        site, request.rig(), "a jog", call,
        [pose = rig::from_wire(request.pose()), duration = Seconds(request.seconds())](
            rig::InstrumentControls& controls, const instruments::Patience& patience) {
            controls.jog(pose, duration, patience);
        },
        [&site, call](rig::RigThread& rig) {
            v1::RigReply reply;
            *reply.mutable_rig() = describe(rig, site);
            call->reply(reply);
        });
}

/// Sends how a characterisation goes, then its report.
void characterise(const Site& site, const v1::CharacteriseRequest& request,
                  const std::shared_ptr<Call>& call) {
    require_driver(site.lab.rig(request.rig()));
    const runs::Characterisations::Id id = site.characterisations.start(
        request, fmt::format("a characterisation by {}", call->caller().name),
        {.progress =
             [call](const v1::CharacteriseProgress& progress) {
                 v1::CharacteriseItem item;
                 *item.mutable_progress() = progress;
                 call->item(item);
             },
         .done =
             [call](const v1::Characterisation& report) {
                 v1::CharacteriseItem item;
                 *item.mutable_report() = report;
                 call->item(item);
                 call->end();
             },
         .failed = [call](const Error& error) { call->fail(error); }});
    call->when_over([&site, id] { site.characterisations.stop(id); });
}

/// Somebody changed something at the device: what was measured before is of another one.
v1::RigReply touched(const Site& site, const v1::RigNoteRequest& request, const Call& call) {
    rig::RigThread& rig = site.lab.rig(request.rig());
    if (request.note().empty() || request.note().size() > longest_note) {
        throw invalid_field("note", fmt::format("{} bytes; say in 1 to {} what was done to the rig",
                                                request.note().size(), longest_note));
    }
    const runs::RigEra era = site.store.end_era(
        rig.name(), fmt::format("touched: {}", request.note()), runs::wall_seconds(site.clock));
    rig.set_era(era.era);
    spdlog::info("rig {} was touched, era {} begins, as {} says: {}", in_quotes(rig.name()),
                 era.era, call.caller().name, in_quotes(request.note()));
    v1::RigReply reply;
    *reply.mutable_rig() = describe(rig, site);
    return reply;
}

} // namespace

void add_rigs_service(Dispatcher& dispatcher, const Site& site) {
    dispatcher.serve<v1::QueryRequest, v1::QueryReply>(
        "phyll.v1.Rigs/Query",
        [&site](const v1::QueryRequest& request, const std::shared_ptr<Call>& call) {
            query(site, request, call);
        });
    dispatcher.converse<v1::StreamRequest, v1::StreamItem>(
        "phyll.v1.Rigs/Stream",
        [&site](const auto& request, const auto& call) { stream(site, request, call); });
    dispatcher.answer<v1::RigRequest, v1::RigReply>(
        "phyll.v1.Rigs/Get", [&site](const v1::RigRequest& request, const Call&) {
            v1::RigReply reply;
            *reply.mutable_rig() = describe(site.lab.rig(request.rig()), site);
            return reply;
        });
    dispatcher.serve<v1::RigRequest, v1::RigReply>(
        "phyll.v1.Rigs/Calibrate",
        [&site](const v1::RigRequest& request, const std::shared_ptr<Call>& call) {
            calibrate(site, request, call);
        });
    dispatcher.serve<v1::SnapshotRequest, v1::SnapshotReply>(
        "phyll.v1.Rigs/Snapshot",
        [&site](const v1::SnapshotRequest& request, const std::shared_ptr<Call>& call) {
            snapshot(site, request, call);
        });
    dispatcher.serve<v1::JogRequest, v1::RigReply>(
        "phyll.v1.Rigs/Jog",
        [&site](const v1::JogRequest& request, const std::shared_ptr<Call>& call) {
            jog(site, request, call);
        });
    dispatcher.answer<v1::RigNoteRequest, v1::RigReply>(
        "phyll.v1.Rigs/Touched", [&site](const v1::RigNoteRequest& request, const Call& call) {
            return touched(site, request, call);
        });
    dispatcher.stream<v1::CharacteriseRequest, v1::CharacteriseItem>(
        "phyll.v1.Rigs/Characterise",
        [&site](const auto& request, const auto& call) { characterise(site, request, call); });
    dispatcher.answer<v1::RigRequest, v1::Characterisation>(
        "phyll.v1.Rigs/Report", [&site](const v1::RigRequest& request, const Call&) {
            return site.characterisations.last(request.rig());
        });
}

} // namespace phyll::rpc
