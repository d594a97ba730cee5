#include "daemon/runs/measuring/device.hpp"

#include "daemon/runs/measuring/repeats.hpp"
#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace phyll::runs {

Device::Device(std::string rig, RigAccess given, ResponseMemory remembered)
    : name(std::move(rig)),
      access(std::move(given)),
      memory(std::move(remembered)),
      era(access.era) {}

std::uint64_t Device::room() const noexcept {
    std::uint64_t room = UINT64_MAX;
    if (sentinels) {
        room = sentinels->room(next_number);
    }
    if (!ends.empty()) {
        room = std::min(room, ends.front().number - std::min(ends.front().number, next_number));
    }
    return room;
}

void Device::begin_era() {
    ++era;
    ++eras_ended;
    era_number = next_number;
    era_borrowed = next_borrowed;
    memory.clear();
    if (sentinels) {
        sentinels->begin_era(next_number);
    }
}

DevicePosition Device::position() const {
    DevicePosition position;
    position.set_rig(name);
    position.set_next_number(next_number);
    position.set_next_borrowed(next_borrowed);
    position.set_era(era);
    position.set_era_number(era_number);
    position.set_era_borrowed(era_borrowed);
    position.set_eras_ended(eras_ended);
    position.set_unproven(unproven);
    if (sentinels) {
        position.set_next_sentinel_round(sentinels->next_round());
        position.set_era_sentinel_round(sentinels->era_round());
    }
    if (perturbed) {
        position.set_perturbed(*perturbed);
    }
    return position;
}

void Device::restore(const DevicePosition& position, const RunJournal& journal,
                     std::uint32_t repeats, bool remember_responses) {
    next_number = position.next_number();
    next_borrowed = position.next_borrowed();
    era = position.era();
    era_number = position.era_number();
    era_borrowed = position.era_borrowed();
    eras_ended = position.eras_ended();
    unproven = position.unproven();
    ends.erase(ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(
                                                std::min<std::uint64_t>(eras_ended, ends.size())));
    if (position.has_perturbed()) {
        perturbed = position.perturbed();
        displaced = false;
    }
    if (remember_responses) {
        remember(journal, repeats);
    }
    if (sentinels) {
        restore_sentinels(position, journal);
    }
}

void Device::remember(const RunJournal& journal, std::uint32_t repeats) {
    StimulusHash hash;
    const auto add = [&](std::span<const float> response) {
        if (!memory.find(hash)) {
            memory.add(hash, response);
        }
    };
    // Stimuli that were being repeated when the era began are not remembered.
    const std::uint64_t first = (era_number + repeats - 1) / repeats * repeats;
    OwnedBlock answers(spec().n_out(), repeats);
    for (std::uint64_t number = first; number < next_number; number += repeats) {
        for (std::uint32_t k = 0; k < repeats; ++k) {
            if (!journal.recall(name, journal::Purpose::training, number + k, hash,
                                answers.sample(k)) &&
                !journal.recall(name, journal::Purpose::evaluation, number + k, hash,
                                answers.sample(k))) {
                throw missing("measurement", number + k);
            }
        }
        const OwnedBlock mean = mean_of_repeats(std::as_const(answers).view(), repeats);
        add(mean.sample(0));
    }
    OwnedBlock borrowed(spec().n_out(), 1);
    for (std::uint64_t number = era_borrowed; number < next_borrowed; ++number) {
        if (!journal.recall(name, journal::Purpose::borrowed, number, hash, borrowed.sample(0))) {
            throw missing("borrowed response", number);
        }
        add(std::as_const(borrowed).sample(0));
    }
}

void Device::restore_sentinels(const DevicePosition& position, const RunJournal& journal) {
    sentinels->restore(era_number, position.era_sentinel_round());
    OwnedBlock round(spec().n_out(), sentinels->count());
    StimulusHash hash;
    while (sentinels->next_round() < position.next_sentinel_round()) {
        for (std::size_t i = 0; i < round.samples(); ++i) {
            const std::uint64_t number = sentinels->next_round() * round.samples() + i;
            if (!journal.recall(name, journal::Purpose::sentinel, number, hash, round.sample(i))) {
                throw missing("sentinel", number);
            }
        }
        static_cast<void>(sentinels->take(std::as_const(round).view()));
    }
}

Error Device::missing(const char* what, std::uint64_t number) const {
    return {Code::data_loss, fmt::format("the journal lacks {} {} of rig '{}', which was made "
                                         "before the checkpoint",
                                         what, number, name)};
}

} // namespace phyll::runs
