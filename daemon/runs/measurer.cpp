#include "daemon/runs/measurer.hpp"

#include "daemon/runs/run_journal.hpp"
#include "drivers/core/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

namespace phyll::runs {
namespace {

using training::Purpose;

std::string_view name_of(Purpose purpose) {
    switch (purpose) {
    case Purpose::training:
        return "training";
    case Purpose::evaluation:
        return "evaluation";
    case Purpose::sentinel:
        return "sentinel";
    case Purpose::characterisation:
        return "characterisation";
    }
    return "unknown";
}

/// From the first sample's start to the last one's end.
SampleTime span_of(std::span<const SampleTime> times) {
    SampleTime span = times.front();
    for (const SampleTime& time : times) {
        span.start = std::min(span.start, time.start);
        span.end = std::max(span.end, time.end);
    }
    return span;
}

void add_queries(v1::LayerCost& cost, Purpose purpose, std::size_t count) {
    if (purpose == Purpose::training) {
        cost.set_training_queries(cost.training_queries() + count);
    } else {
        cost.set_evaluation_queries(cost.evaluation_queries() + count);
    }
}

} // namespace

void Measurer::add_rig(const std::string& name, PhysicalLayer& layer, std::uint64_t start_age) {
    const LayerSpec& spec = layer.spec();
    devices_.try_emplace(name, Device{.layer = &layer,
                                      .start_age = start_age,
                                      .memory = ResponseMemory(
                                          spec.n_out(), spec.response_storage,
                                          options_.reuse ? make_bytes(options_.bytes) : nullptr)});
}

const LayerSpec& Measurer::spec(const std::string& rig) const {
    return devices_.at(rig).layer->spec();
}

OwnedBlock Measurer::answer(const std::string& rig, Purpose purpose, ConstBlock stimuli,
                            v1::LayerCost& cost, std::stop_token stop,
                            const std::function<void()>& after_block) {
    const Request request{
        .device = devices_.at(rig),
        .rig = rig,
        .key = derive_key(options_.seed, fmt::format("{}/{}", rig, name_of(purpose))),
        .purpose = purpose,
        .cost = cost,
        .stop = std::move(stop),
        .after_block = after_block};
    if (options_.reuse) {
        return measure_unknown(request, stimuli);
    }
    std::vector<StimulusHash> hashes;
    for (std::size_t i = 0; options_.journal != nullptr && i < stimuli.samples(); ++i) {
        hashes.push_back(hash_stimulus(spec(rig), stimuli.sample(i)));
    }
    OwnedBlock responses(spec(rig).n_out(), stimuli.samples());
    measure(request, stimuli, hashes, responses.view());
    return responses;
}

OwnedBlock Measurer::measure_unknown(const Request& request, ConstBlock stimuli) const {
    const LayerSpec& spec = request.device.layer->spec();
    ResponseMemory& memory = request.device.memory;
    const std::size_t samples = stimuli.samples();

    // The first sample with each unknown stimulus is measured, in order.
    std::vector<StimulusHash> hashes(samples);
    std::vector<std::size_t> fresh;
    std::set<std::array<unsigned char, 16>> asked;
    for (std::size_t i = 0; i < samples; ++i) {
        hashes[i] = hash_stimulus(spec, stimuli.sample(i));
        if (!memory.find(hashes[i]) && asked.insert(hashes[i].bytes).second) {
            fresh.push_back(i);
        }
    }
    OwnedBlock unknown(spec.n_in(), fresh.size());
    OwnedBlock measured(spec.n_out(), fresh.size());
    std::vector<StimulusHash> unknown_hashes;
    for (std::size_t j = 0; j < fresh.size(); ++j) {
        std::ranges::copy(stimuli.sample(fresh[j]), unknown.sample(j).begin());
        unknown_hashes.push_back(hashes[fresh[j]]);
    }
    measure(request, std::as_const(unknown).view(), unknown_hashes, measured.view());
    for (std::size_t j = 0; j < fresh.size(); ++j) {
        memory.add(hashes[fresh[j]], std::as_const(measured).sample(j));
    }
    OwnedBlock responses(spec.n_out(), samples);
    for (std::size_t i = 0; i < samples; ++i) {
        memory.read(memory.find(hashes[i]).value(), responses.sample(i));
    }
    request.cost.set_reused(request.cost.reused() + samples - fresh.size());
    return responses;
}

Measurer::Query Measurer::Query::slice(std::size_t first, std::size_t count) const {
    return {.number = number + first,
            .stimuli = stimuli.slice(first, count),
            .hashes = hashes.empty() ? hashes : hashes.subspan(first, count),
            .responses = responses.slice(first, count)};
}

void Measurer::measure(const Request& request, ConstBlock stimuli,
                       std::span<const StimulusHash> hashes, Block responses) const {
    const LayerSpec& spec = request.device.layer->spec();
    const std::size_t block =
        options_.query_batch == 0 ? spec.max_batch : std::min(options_.query_batch, spec.max_batch);
    const Query all{.number = request.device.next_number,
                    .stimuli = stimuli,
                    .hashes = hashes,
                    .responses = responses};
    for (std::size_t first = 0; first < stimuli.samples(); first += block) {
        const std::size_t count = std::min(block, stimuli.samples() - first);
        const Query query = all.slice(first, count);
        request.device.next_number += count;
        const std::size_t known = recall(request, query);
        if (known < count) {
            ask(request, query.slice(known, count - known));
        }
        v1::LayerCost& cost = request.cost;
        add_queries(cost, request.purpose, count);
        cost.set_recorded(cost.recorded() + known);
        cost.set_nominal_seconds(cost.nominal_seconds() +
                                 static_cast<double>(count) * spec.seconds_per_sample);
        request.after_block();
    }
}

std::size_t Measurer::recall(const Request& request, const Query& query) const {
    if (options_.journal == nullptr) {
        return 0;
    }
    for (std::size_t i = 0; i < query.stimuli.samples(); ++i) {
        const std::optional<double> seconds =
            options_.journal->recall(request.rig, request.purpose, query.number + i,
                                     query.hashes[i], query.responses.sample(i));
        if (!seconds) {
            return i;
        }
        request.cost.set_hardware_seconds(request.cost.hardware_seconds() + *seconds);
    }
    return query.stimuli.samples();
}

void Measurer::ask(const Request& request, const Query& query) const {
    std::vector<SampleTime> times(query.stimuli.samples());
    QueryContext context;
    context.key = request.key;
    context.number = query.number;
    context.age = request.device.start_age + query.number;
    context.stop = request.stop;
    context.times = times;
    request.device.layer->query(query.stimuli, query.responses, context);
    const SampleTime busy = span_of(times);
    if (options_.journal != nullptr) {
        options_.journal->keep({.rig = request.rig,
                                .purpose = request.purpose,
                                .key = request.key,
                                .first_number = query.number,
                                .layer = request.cost.layer() - 1,
                                .stimuli = query.stimuli,
                                .responses = query.responses,
                                .hashes = query.hashes,
                                .time = busy},
                               request.stop);
    }
    request.cost.set_hardware_seconds(request.cost.hardware_seconds() +
                                      Seconds(busy.end - busy.start).count());
}

} // namespace phyll::runs
