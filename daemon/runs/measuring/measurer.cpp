#include "daemon/runs/measuring/measurer.hpp"

#include "daemon/runs/measuring/measurer_parts.hpp"
#include "daemon/runs/measuring/repeats.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace phyll::runs {
namespace {

std::string_view purpose_name(journal::Purpose purpose) {
    switch (purpose) {
    case journal::Purpose::training:
        return "training";
    case journal::Purpose::evaluation:
        return "evaluation";
    case journal::Purpose::sentinel:
        return "sentinel";
    case journal::Purpose::characterisation:
        return "characterisation";
    case journal::Purpose::direct:
        return "direct";
    case journal::Purpose::borrowed:
        return "borrowed";
    }
    return "unknown";
}

/// Of the numbers [first, first + count) those that are not the first of a stimulus.
std::uint64_t repeats_among(std::uint64_t first, std::uint64_t count, std::uint32_t repeats) {
    const auto stimuli_before = [&](std::uint64_t number) {
        return (number + repeats - 1) / repeats;
    };
    return count - (stimuli_before(first + count) - stimuli_before(first));
}

void add_queries(v1::LayerCost& cost, training::Purpose purpose, std::size_t count) {
    if (purpose == training::Purpose::training) {
        cost.set_training_queries(cost.training_queries() + count);
    } else {
        cost.set_evaluation_queries(cost.evaluation_queries() + count);
    }
}

} // namespace

Measurer::Measurer(MeasurerOptions options)
    : options_(std::move(options)),
      asker_(options_.journal, options_.trouble, options_.pause, options_.over, options_.clock) {}

void Measurer::add_rig(const std::string& name, RigAccess access) {
    const LayerSpec& spec = access.layer->spec();
    // A mean does not lie on the steps of an instrument.
    const StorageFormat format = options_.repeats == 1 ? spec.response_storage : StorageFormat{};
    Device device(name, std::move(access),
                  ResponseMemory(spec.n_out(), format,
                                 options_.reuse ? make_bytes(options_.bytes) : nullptr));
    if (options_.sentinels) {
        if (const std::uint64_t every = sentinel_interval(*options_.sentinels, spec); every > 0) {
            device.sentinels = std::make_unique<SentinelWatch>(
                *options_.sentinels, every, spec, key(name, journal::Purpose::sentinel));
        }
    }
    if (options_.journal != nullptr) {
        std::ranges::copy(options_.journal->era_marks(name), std::back_inserter(device.ends));
    }
    devices_.try_emplace(name, std::move(device));
}

const LayerSpec& Measurer::spec(const std::string& rig) const {
    return devices_.at(rig).spec();
}

std::uint64_t Measurer::key(const std::string& rig, journal::Purpose purpose) const {
    return derive_key(options_.seed, fmt::format("{}/{}", rig, purpose_name(purpose)));
}

OwnedBlock Measurer::answer(const std::string& rig, const Wanted& wanted, v1::LayerCost& cost,
                            std::stop_token stop, const Meanwhile& meanwhile) {
    const Request request{.device = devices_.at(rig),
                          .wanted = wanted,
                          .cost = cost,
                          .stop = std::move(stop),
                          .meanwhile = meanwhile};
    const bool some_are_known = options_.reuse || request.device.access.lender != nullptr;
    return some_are_known ? measure_unknown(request) : measure_all(request);
}

OwnedBlock Measurer::measure_all(const Request& request) {
    const Wanted& wanted = request.wanted;
    const LayerSpec& spec = request.device.spec();
    std::vector<StimulusHash> hashes;
    for (std::size_t i = 0; options_.journal != nullptr && i < wanted.stimuli.samples(); ++i) {
        hashes.push_back(hash_stimulus(spec, wanted.stimuli.sample(i)));
    }
    OwnedBlock responses(spec.n_out(), wanted.stimuli.samples());
    measure_repeated(request, {.stimuli = wanted.stimuli,
                               .hashes = hashes,
                               .origins = wanted.origins,
                               .responses = responses.view()});
    return responses;
}

// ---- What need not be measured

bool Measurer::borrow(const Request& request, const StimulusHash& hash, std::size_t sample,
                      std::uint64_t number, std::span<float> response) const {
    Device& device = request.device;
    const RunJournal* lender = device.access.lender;
    if (lender == nullptr) {
        return false;
    }
    // What was measured or borrowed before an interruption is so again, whatever the other journal
    // has by now.
    const auto has = [&](journal::Purpose purpose, std::uint64_t under) {
        return options_.journal != nullptr &&
               options_.journal->recall(device.name, purpose, under, hash, response).has_value();
    };
    if (has(to_journal(request.wanted.purpose), number)) {
        return false;
    }
    if (!has(journal::Purpose::borrowed, device.next_borrowed)) {
        if (device.access.lender_is_gone ||
            !lender->find(device.name, device.era, hash, response)) {
            return false;
        }
        asker_.keep({.rig = device.name,
                     .purpose = journal::Purpose::borrowed,
                     .key = key(device.name, journal::Purpose::borrowed),
                     .number = device.next_borrowed,
                     .era = device.era,
                     .layer = request.cost.layer() - 1,
                     .stimuli = request.wanted.stimuli.slice(sample, 1),
                     .hashes = std::span(&hash, 1),
                     .responses = Block(response.data(), response.size(), 1)},
                    {}, request.stop, request.meanwhile);
    }
    ++device.next_borrowed;
    request.cost.set_reused_from(request.cost.reused_from() + 1);
    return true;
}

Measurer::Sorted Measurer::sort(const Request& request, OwnedBlock& responses) const {
    Device& device = request.device;
    Sorted sorted;
    std::map<std::array<unsigned char, 16>, std::size_t> asked; // place among the fresh ones
    for (std::size_t i = 0; i < responses.samples(); ++i) {
        const StimulusHash hash = hash_stimulus(device.spec(), request.wanted.stimuli.sample(i));
        sorted.hashes.push_back(hash);
        if (options_.reuse) {
            if (const auto place = device.memory.find(hash)) {
                device.memory.read(*place, responses.sample(i));
                ++sorted.reused;
                continue;
            }
            if (const auto found = asked.find(hash.bytes); found != asked.end()) {
                sorted.repeats_of.emplace_back(i, found->second);
                ++sorted.reused;
                continue;
            }
        }
        const std::uint64_t number = device.next_number + sorted.fresh.size() * options_.repeats;
        if (borrow(request, hash, i, number, responses.sample(i))) {
            if (options_.reuse) {
                device.memory.add(hash, std::as_const(responses).sample(i));
            }
            continue;
        }
        asked.emplace(hash.bytes, sorted.fresh.size());
        sorted.fresh.push_back(i);
    }
    return sorted;
}

OwnedBlock Measurer::measure_unknown(const Request& request) {
    Device& device = request.device;
    const Wanted& wanted = request.wanted;
    OwnedBlock responses(device.spec().n_out(), wanted.stimuli.samples());
    const Sorted sorted = sort(request, responses);

    // The first sample with each unknown stimulus is measured, in order.
    const std::size_t count = sorted.fresh.size();
    OwnedBlock unknown(device.spec().n_in(), count);
    OwnedBlock measured(device.spec().n_out(), count);
    std::vector<StimulusHash> hashes;
    std::vector<training::Origin> origins;
    for (std::size_t j = 0; j < count; ++j) {
        const std::size_t i = sorted.fresh[j];
        std::ranges::copy(wanted.stimuli.sample(i), unknown.sample(j).begin());
        hashes.push_back(sorted.hashes[i]);
        if (!wanted.origins.empty()) {
            origins.push_back(wanted.origins[i]);
        }
    }
    const std::uint64_t first = device.next_number;
    measure_repeated(request, {.stimuli = std::as_const(unknown).view(),
                               .hashes = hashes,
                               .origins = origins,
                               .responses = measured.view()});
    for (std::size_t j = 0; j < count; ++j) {
        const std::span<const float> response = std::as_const(measured).sample(j);
        std::ranges::copy(response, responses.sample(sorted.fresh[j]).begin());
        if (options_.reuse && first + j * options_.repeats >= device.era_number) {
            device.memory.add(hashes[j], response);
        }
    }
    for (const auto& [sample, j] : sorted.repeats_of) {
        std::ranges::copy(std::as_const(measured).sample(j), responses.sample(sample).begin());
    }
    request.cost.set_reused(request.cost.reused() + sorted.reused);
    return responses;
}

// ---- What is measured

void Measurer::measure_repeated(const Request& request, const Samples& samples) {
    if (options_.repeats == 1) {
        measure(request, samples);
        return;
    }
    const std::uint32_t repeats = options_.repeats;
    const std::size_t block = std::max<std::size_t>(1, request.device.spec().max_batch / repeats);
    for (std::size_t first = 0; first < samples.stimuli.samples(); first += block) {
        const Samples some =
            samples.slice(first, std::min(block, samples.stimuli.samples() - first));
        const OwnedBlock stimuli = repeated(some.stimuli, repeats);
        OwnedBlock answers(request.device.spec().n_out(), stimuli.samples());
        measure(request, {.stimuli = stimuli.view(),
                          .hashes = repeated(some.hashes, repeats),
                          .origins = repeated(some.origins, repeats),
                          .responses = answers.view()});
        const OwnedBlock means = mean_of_repeats(std::as_const(answers).view(), repeats);
        std::ranges::copy(means.view().values(), some.responses.values().begin());
    }
}

void Measurer::measure(const Request& request, const Samples& samples) {
    const Device& device = request.device;
    const std::size_t most = device.spec().max_batch;
    const std::size_t block =
        options_.query_batch == 0 ? most : std::min(options_.query_batch, most);
    for (std::size_t first = 0; first < samples.stimuli.samples();) {
        keep_up(request);
        const std::size_t count =
            std::min({std::uint64_t{block}, std::uint64_t{samples.stimuli.samples() - first},
                      device.room()});
        const Samples some = samples.slice(first, count);
        const journal::Purpose purpose = to_journal(request.wanted.purpose);
        first += measure_some(request, {.rig = device.name,
                                        .purpose = purpose,
                                        .key = key(device.name, purpose),
                                        .number = device.next_number,
                                        .age = device.age(),
                                        .era = device.era,
                                        .layer = request.cost.layer() - 1,
                                        .stimuli = some.stimuli,
                                        .hashes = some.hashes,
                                        .origins = some.origins,
                                        .on_test = request.wanted.on_test,
                                        .keep_raw = device.access.keep_raw,
                                        .responses = some.responses});
    }
}

std::size_t Measurer::measure_some(const Request& request, Query query) {
    Device& device = request.device;
    v1::LayerCost& cost = request.cost;
    AskingTime time;
    std::size_t count = asker_.recall(query, time);
    cost.set_recorded(cost.recorded() + count);
    if (count == 0) {
        if (device.access.present_era && device.access.present_era() > device.era) {
            end_era(request, {.kind = journal::MarkKind::touched, .why = "the rig was touched"});
            return 0;
        }
        displace(device);
        asker_.ask(*device.access.layer, query, time, request.stop, request.meanwhile, [&] {
            probe(request);
            query.era = device.era;
        });
        count = query.samples();
    }
    cost.set_repeat_queries(cost.repeat_queries() +
                            repeats_among(device.next_number, count, options_.repeats));
    device.next_number += count;
    add_time(cost, time);
    add_queries(cost, request.wanted.purpose, count);
    // Not a sum over the blocks: its last bits would tell how they were cut.
    cost.set_nominal_seconds(
        static_cast<double>(cost.training_queries() + cost.evaluation_queries()) *
        device.spec().seconds_per_sample);
    if (request.meanwhile.after_query) {
        request.meanwhile.after_query();
    }
    return count;
}

void Measurer::perturb(const std::string& rig, double fraction, const std::stop_token& stop,
                       const Meanwhile& meanwhile) {
    Device& device = devices_.at(rig);
    device.perturbed = fraction;
    device.displaced = false;
    asker_.mark({.kind = journal::MarkKind::perturbed,
                 .number = device.next_number,
                 .era = static_cast<std::uint32_t>(device.era),
                 .value = fraction},
                device.name, stop, meanwhile);
}

void Measurer::displace(Device& device) const {
    if (!device.displaced && device.perturbed && device.access.perturb) {
        device.access.perturb(*device.perturbed);
        device.displaced = true;
    }
}

// ---- Going on from where the run was

std::vector<DevicePosition> Measurer::positions() const {
    std::vector<DevicePosition> positions;
    positions.reserve(devices_.size());
    for (const auto& [name, device] : devices_) {
        positions.push_back(device.position());
    }
    return positions;
}

void Measurer::restore(const google::protobuf::RepeatedPtrField<DevicePosition>& positions) {
    for (const DevicePosition& position : positions) {
        const auto found = devices_.find(position.rig());
        if (found == devices_.end() || options_.journal == nullptr) {
            throw Error(Code::data_loss, fmt::format("it is of a run on the rig '{}', which this "
                                                     "run does not use",
                                                     position.rig()));
        }
        found->second.restore(position, *options_.journal, options_.repeats, options_.reuse);
    }
}

} // namespace phyll::runs
