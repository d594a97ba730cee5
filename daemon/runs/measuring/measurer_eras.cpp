#include "daemon/runs/measuring/measurer_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace phyll::runs {
namespace {

/// Rounds that only answer a question, after a fault, have numbers that no round of the run has.
constexpr std::uint64_t first_probe = std::uint64_t{1} << 40U;

/// Whether the present era is known to have ended before the sentinels that are due were measured.
bool found_changed(const Device& device) {
    if (device.ends.empty() || !device.sentinels) {
        return false;
    }
    const journal::Mark& mark = device.ends.front();
    return mark.kind == journal::MarkKind::changed && mark.number == device.next_number &&
           mark.value == static_cast<double>(device.sentinels->next_round());
}

void tell_moved(const Device& device, const sentinels::Verdict& verdict) {
    if (device.access.sentinels_moved) {
        device.access.sentinels_moved(verdict.moved);
    }
}

std::string moved_by(double moved) {
    return fmt::format("its sentinels moved by {:.3f} standard deviations of the response", moved);
}

} // namespace

OwnedBlock Measurer::measure_round(const Request& request, std::uint64_t number) {
    Device& device = request.device;
    const SentinelWatch& sentinels = *device.sentinels;
    OwnedBlock responses(device.spec().n_out(), sentinels.count());
    const Query round{.rig = device.name,
                      .purpose = journal::Purpose::sentinel,
                      .key = key(device.name, journal::Purpose::sentinel),
                      .number = number,
                      .era = device.era,
                      .layer = request.cost.layer() - 1,
                      .stimuli = sentinels.stimuli(),
                      .hashes = sentinels.hashes(),
                      .responses = responses.view()};
    AskingTime time;
    for (std::size_t first = 0; first < round.samples();) {
        Query part = round.slice(first, std::min(device.spec().max_batch, round.samples() - first));
        part.age = device.age(); // they carry the run's position, and consume none of it
        std::size_t count = number < first_probe ? asker_.recall(part, time) : 0;
        if (count == 0) {
            displace(device);
            // Before any of the round is measured: what is changed then belongs to no era.
            part.check_settings = first == 0;
            asker_.ask(*device.access.layer, part, time, request.stop, request.meanwhile, [] {});
            count = part.samples();
        }
        first += count;
    }
    v1::LayerCost& cost = request.cost;
    cost.set_sentinel_queries(cost.sentinel_queries() + round.samples());
    add_time(cost, time);
    return responses;
}

void Measurer::keep_up(const Request& request) {
    Device& device = request.device;
    while (device.room() == 0) {
        if (!found_changed(device) && device.sentinels &&
            device.sentinels->room(device.next_number) == 0) {
            look(request);
            continue;
        }
        // An end that no look of the run explains: somebody touched the rig, or it failed.
        const journal::Mark mark = device.ends.front();
        device.ends.pop_front();
        const bool moved = mark.kind == journal::MarkKind::era_ended;
        end_era(request, {.kind = mark.kind,
                          .why = mark.text,
                          .moved = moved ? mark.value : 0.0,
                          .recorded = true});
    }
}

void Measurer::look(const Request& request) {
    Device& device = request.device;
    SentinelWatch& sentinels = *device.sentinels;
    OwnedBlock responses;
    try {
        responses = measure_round(request, sentinels.next_round() * sentinels.count());
    } catch (const Error& error) {
        if (error.code() != Code::aborted) {
            throw;
        }
        end_era(request, {.kind = journal::MarkKind::changed,
                          .why = error.what(),
                          .round = sentinels.next_round()});
        return;
    }
    const bool compares = sentinels.can_judge();
    const sentinels::Verdict verdict = sentinels.take(responses.view());
    if (compares) {
        tell_moved(device, verdict);
    }
    if (!verdict.ended) {
        return;
    }
    const bool recorded = !device.ends.empty() && device.ends.front().number == device.next_number;
    if (recorded) {
        device.ends.pop_front();
    }
    end_era(request, {.kind = journal::MarkKind::era_ended,
                      .why = moved_by(verdict.moved),
                      .moved = verdict.moved,
                      .recorded = recorded});
}

void Measurer::probe(const Request& request) {
    Device& device = request.device;
    if (!device.sentinels || !device.sentinels->can_judge()) {
        device.unproven = true;
        return;
    }
    const OwnedBlock responses =
        measure_round(request, first_probe + device.probes++ * device.sentinels->count());
    const sentinels::Verdict verdict = device.sentinels->judge(responses.view());
    tell_moved(device, verdict);
    if (verdict.ended) {
        end_era(request, {.kind = journal::MarkKind::era_ended,
                          .why = "after a fault " + moved_by(verdict.moved),
                          .moved = verdict.moved});
        keep_up(request); // the new era's first rounds come before what is asked again
    }
}

void Measurer::end_era(const Request& request, const End& end) {
    Device& device = request.device;
    v1::EraEnded ended;
    ended.set_rig(device.name);
    ended.set_era(device.era);
    ended.set_number(device.next_number);
    ended.set_moved(end.moved);
    ended.set_why(end.why);
    if (!end.recorded) {
        asker_.mark({.kind = end.kind,
                     .number = device.next_number,
                     .era = static_cast<std::uint32_t>(device.era),
                     .value = end.kind == journal::MarkKind::changed
                                  ? static_cast<double>(end.round)
                                  : end.moved,
                     .text = end.why},
                    device.name, request.stop, request.meanwhile);
    }
    device.begin_era();
    if (device.access.end_era && device.access.present_era() < device.era) {
        device.access.end_era(end.why);
    }
    ended_.push_back(std::move(ended));
}

std::vector<v1::EraEnded> Measurer::take_ended_eras() {
    return std::exchange(ended_, {});
}

std::uint64_t Measurer::eras_ended() const {
    std::uint64_t most = 0;
    for (const auto& [name, device] : devices_) {
        most = std::max(most, device.eras_ended);
    }
    return most;
}

std::vector<std::string> Measurer::unproven() const {
    std::vector<std::string> names;
    for (const auto& [name, device] : devices_) {
        if (device.unproven) {
            names.push_back(name);
        }
    }
    return names;
}

} // namespace phyll::runs
