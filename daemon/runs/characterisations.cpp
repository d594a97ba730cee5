#include "daemon/runs/characterisations.hpp"

#include "daemon/rig/evidence.hpp"
#include "daemon/runs/measuring/measurer.hpp"
#include "daemon/runs/run_thread.hpp"
#include "daemon/training/characterise/characterise.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace phyll::runs {

Characterisations::Characterisations(Store& store, rig::Lab& lab, const Clock& clock, Post post)
    : store_(store), lab_(lab), clock_(clock), post_(std::move(post)) {}

Characterisations::~Characterisations() = default;

Characterisations::Id Characterisations::start(const v1::CharacteriseRequest& request,
                                               const std::string& holder, Watcher watcher) {
    rig::RigThread& rig = lab_.rig(request.rig());
    if (rig.spec().closed_domain) {
        throw Error(Code::failed_precondition,
                    fmt::format("rig {} answers only what was measured, and a characterisation "
                                "asks stimuli of its own; a twin of the same recording can be "
                                "characterised",
                                in_quotes(rig.name())));
    }
    const Id id = ++last_;
    Active& active = active_[id];
    active.rig = &rig;
    active.request = request;
    active.watcher = std::make_shared<const Watcher>(std::move(watcher));
    if (const std::string other = lab_.in_the_way({rig.name()}); !other.empty()) {
        v1::CharacteriseProgress waiting;
        waiting.set_stage("waiting for " + other);
        active.watcher->progress(waiting);
    }
    active.lease = lab_.wait_for(
        {.rigs = {rig.name()}, .holder = holder},
        {.granted = [this, id](const rig::Grant& grant) { granted(id, grant.over); },
         .lost = [this, id](rig::LeaseEnd, const std::string& why) { lost(id, why); }});
    return id;
}

void Characterisations::stop(Id id) {
    const auto found = active_.find(id);
    if (found == active_.end()) {
        return;
    }
    found->second.watcher = nullptr;
    if (found->second.thread.joinable()) {
        found->second.thread.request_stop(); // it reports its end like any other
    } else {
        lab_.end(found->second.lease);
        active_.erase(found);
    }
}

v1::Characterisation Characterisations::last(const std::string& rig) const {
    static_cast<void>(lab_.rig(rig));
    if (std::optional<v1::Characterisation> report = store_.characterisation(rig)) {
        return *std::move(report);
    }
    throw Error(Code::not_found,
                fmt::format("rig {0} was never characterised; 'phyllctl rig characterise {0}' does "
                            "it",
                            rig));
}

void Characterisations::lost(Id id, const std::string& why) {
    const auto found = active_.find(id);
    if (found == active_.end()) {
        return;
    }
    if (const auto watcher = std::exchange(found->second.watcher, nullptr)) {
        watcher->failed(
            Error(Code::aborted, fmt::format("the characterisation was aborted: {}", why)));
    }
    stop(id);
}

void Characterisations::granted(Id id, const std::stop_token& over) {
    const auto found = active_.find(id);
    if (found == active_.end()) {
        return; // given up meanwhile
    }
    spdlog::info("rig {} is characterised", found->second.rig->name());
    found->second.thread =
        std::jthread([this, id, over, rig = found->second.rig,
                      request = found->second.request](const std::stop_token& stop) {
            try {
                rig::LeasedRig leased(*rig, over);
                measure(id, *rig, leased, request, stop);
            } catch (const Error& error) {
                post_([this, id, error] {
                    finish(id, [&](const Watcher& watcher) { watcher.failed(error); });
                });
            } catch (const std::exception& error) {
                const Error internal(Code::internal,
                                     fmt::format("the characterisation failed: {}", error.what()));
                post_([this, id, internal] {
                    finish(id, [&](const Watcher& watcher) { watcher.failed(internal); });
                });
            }
        });
}

void Characterisations::measure(Id id, rig::RigThread& rig, PhysicalLayer& leased,
                                const v1::CharacteriseRequest& request,
                                const std::stop_token& stop) {
    const std::uint64_t age = rig.status().age;
    const double time = wall_seconds(clock_);
    Measurer measurer({.seed = request.seed()});
    measurer.add_rig(rig.name(), leased, age);
    v1::LayerCost cost;
    const training::CharacteriseSite site{
        .spec = rig.spec(),
        .seed = request.seed(),
        .measure =
            [&](ConstBlock stimuli) {
                return measurer.answer(
                    rig.name(),
                    {.purpose = training::Purpose::characterisation, .stimuli = stimuli}, cost,
                    stop);
            },
        .progress =
            [&](const v1::CharacteriseProgress& progress) {
                post_([this, id, progress] {
                    const auto found = active_.find(id);
                    const auto watcher = found == active_.end() ? nullptr : found->second.watcher;
                    if (watcher) {
                        watcher->progress(progress);
                    }
                });
            }};
    v1::Characterisation report = training::characterise(site);
    report.set_rig(rig.name());
    report.set_evidence(rig::to_wire(rig.spec().evidence));
    report.set_time(time);
    report.set_age(age);
    report.set_queries(cost.evaluation_queries());
    report.set_seconds_per_sample(cost.hardware_seconds() /
                                  static_cast<double>(cost.evaluation_queries()));
    store_.save_characterisation(report);
    post_(
        [this, id, report] { finish(id, [&](const Watcher& watcher) { watcher.done(report); }); });
}

void Characterisations::finish(Id id, const std::function<void(const Watcher&)>& tell) {
    const auto active = active_.extract(id);
    active.mapped().thread.join();
    lab_.end(active.mapped().lease);
    if (active.mapped().watcher) {
        tell(*active.mapped().watcher);
    }
}

} // namespace phyll::runs
