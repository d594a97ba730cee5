#include "daemon/runs/workplace.hpp"

#include "daemon/runs/measuring/recorded_layer.hpp"
#include "daemon/runs/rigs_file.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::runs {
namespace {

/// Of all that the rigs are configured to be.
Sha256Digest configuration_hash(const v1::Conditions& conditions) {
    std::string configurations;
    for (const v1::RigConditions& rig : conditions.rigs()) {
        configurations += fmt::format("{} {}\n", rig.rig(), rig.configuration_sha256());
    }
    return sha256_of(configurations);
}

/// What the run asks of a rig beside queries.
v1::RunRig asked_of(const v1::RunSpec& spec, const std::string& rig) {
    const auto found = std::ranges::find(spec.rigs(), rig, &v1::RunRig::name);
    return found == spec.rigs().end() ? v1::RunRig() : *found;
}

HoldingSite holding_site(std::uint64_t run, const RunSite& site) {
    return {.clock = site.clock,
            .limit = site.hold_limit,
            .has_room = [&site] { return site.store.keeps_reserve(); },
            .change_state =
                [run, &site](v1::RunState state, const std::string& reason) {
                    site.store.change_state(run, state, reason, wall_seconds(site.clock));
                    site.moved(run, state, reason);
                }};
}

} // namespace

double wall_seconds(const Clock& clock) {
    return std::chrono::duration<double>(clock.wall().time_since_epoch()).count();
}

Workplace::Workplace(const RunOrder& order, const RunSite& site, std::stop_token stop,
                     std::stop_token pause)
    : order_(order),
      site_(site),
      stop_(std::move(stop)),
      pause_(std::move(pause)),
      folder_(site.state.run(order.run)),
      holding_(holding_site(order.run, site)),
      checkpoints_(folder_, order.run, to_hex(sha256_of(order.spec.SerializeAsString())),
                   site.store) {}

Workplace::~Workplace() = default;

void Workplace::tell(const std::string& text) {
    to_disk([&] { site_.store.add_notice(order_.run, text, wall_seconds(site_.clock)); });
    site_.stored(order_.run);
}

void Workplace::find_checkpoint(std::uint64_t below) {
    std::vector<std::string> remarks;
    checkpoint_ = checkpoints_.latest(remarks, below);
    for (const std::string& remark : remarks) {
        tell(remark);
    }
}

void Workplace::keep_checkpoint(Checkpoint checkpoint,
                                const std::vector<v1::EpochMetrics>& epochs) {
    to_disk([&] {
        // What the checkpoint rests on is on the disk before it is.
        if (journal_) {
            checkpoint.position.set_journal(journal_->sync(stop_));
        }
        checkpoints_.keep(checkpoint, epochs, wall_seconds(site_.clock));
    });
    site_.stored(order_.run);
}

// ---- What it runs on

void Workplace::add_layers() {
    for (const v1::RigConditions& rig : order_.conditions.rigs()) {
        layers_[rig.rig()] =
            std::make_unique<rig::LeasedRig>(*order_.rigs.at(rig.rig()), order_.over);
    }
    if (!std::filesystem::exists(folder_ / rigs_file_name)) {
        note_rigs();
    }
}

void Workplace::note_rigs() {
    std::map<std::string, const LayerSpec*> specs;
    for (const auto& [name, layer] : layers_) {
        specs[name] = &layer->spec();
    }
    to_disk([&] { write_rigs(folder_ / rigs_file_name, specs); });
}

void Workplace::add_recorded_layers() {
    const std::filesystem::path source = site_.state.folder_of(order_.replay_of);
    journal_ = std::make_unique<RunJournal>(RunJournal::file_in(source));
    const std::string what = fmt::format("run {}", order_.replay_of);
    for (auto& [name, spec] : read_rigs(source / rigs_file_name)) {
        layers_[name] = std::make_unique<RecordedLayer>(name, spec, what);
    }
}

void Workplace::open_journal() {
    RunJournalOptions options{.path = RunJournal::file_in(folder_),
                              .run = order_.run,
                              .seed = order_.spec.seed(),
                              .configuration_hash = configuration_hash(order_.conditions),
                              .kernel_level = site_.host.kernel_level,
                              .max_bytes = site_.max_journal_bytes};
    for (const auto& [name, layer] : layers_) {
        options.rigs.emplace(name, &layer->spec());
    }
    if (checkpoint_) {
        options.durable = checkpoint_->position.journal();
    }
    journal_ = to_disk([&] { return std::make_unique<RunJournal>(options, site_.clock); });
    if (journal_->was_put_aside()) {
        checkpoint_.reset(); // what it learned, it learned from other devices
        note_rigs();
    }
    if (!journal_->notice().empty()) {
        tell(journal_->notice());
    }
}

void Workplace::add_lender(const v1::RigConditions& rig, RigAccess& access) {
    const std::uint64_t from = order_.spec.training().reuse_from();
    if (from == 0) {
        return;
    }
    // What was borrowed is in the run's own journal: there a replay finds it, and a run whose
    // lender was removed meanwhile.
    access.lender = journal_.get();
    access.lender_is_gone = true;
    const std::optional<RunRecord> other = site_.store.run(from);
    if (order_.replay_of != 0 || !other) {
        return;
    }
    const auto& rigs = other->info.conditions().rigs();
    const auto same = std::ranges::find(rigs, rig.rig(), &v1::RigConditions::rig);
    if (same == rigs.end() || same->configuration_sha256() != rig.configuration_sha256()) {
        tell(fmt::format("nothing of run {} is reused for rig '{}': it {}", from, rig.rig(),
                         same == rigs.end() ? "did not use it"
                                            : "used it with another configuration"));
        return;
    }
    if (!lender_) {
        lender_ = std::make_unique<RunJournal>(RunJournal::file_in(site_.state.folder_of(from)));
    }
    access.lender = lender_.get();
    access.lender_is_gone = false;
}

void Workplace::take_place() {
    find_checkpoint(UINT64_MAX);
    if (order_.replay_of != 0) {
        add_recorded_layers();
    } else if (!order_.rigs.empty()) {
        add_layers();
        open_journal();
    }
}

RigAccess Workplace::access_to(const v1::RigConditions& conditions) {
    const std::string& name = conditions.rig();
    RigAccess access{.layer = layers_.at(name).get(),
                     .start_age = conditions.age(),
                     .era = std::max<std::uint64_t>(1, conditions.era()),
                     .keep_raw = asked_of(order_.spec, name).keep_raw()};
    if (const auto thread = order_.rigs.find(name); thread != order_.rigs.end()) {
        rig::RigThread& rig = *thread->second;
        if (journal_->was_put_aside()) {
            access.era = rig.era(); // in the journal of another device the first era does not count
        }
        access.present_era = [&rig] { return rig.era(); };
        access.sentinels_moved = [&rig](double moved) { rig.note_sentinels(moved); };
        access.end_era = [this, &rig](const std::string& why) { end_era(rig, why); };
        access.perturb = [&rig, over = order_.over](double fraction) {
            rig::LeasedRig(rig, over).displace(fraction);
        };
    }
    add_lender(conditions, access);
    return access;
}

void Workplace::end_era(rig::RigThread& rig, const std::string& why) {
    const RigEra next = to_disk([&] {
        // The store must not know of an end that the journal may lose.
        static_cast<void>(journal_->sync(stop_));
        return site_.store.end_era(rig.name(), why, wall_seconds(site_.clock));
    });
    rig.set_era(next.era);
}

} // namespace phyll::runs
