#include "daemon/training/schemes/local/timetable.hpp"

#include <algorithm>
#include <cassert>

namespace phyll::training {

Timetable::Timetable(Schedule schedule, std::size_t layers, std::size_t epochs, const Parts& parts)
    : schedule_(schedule), layers_(layers), epochs_(epochs), parts_(parts) {}

std::uint64_t Timetable::training_steps() const noexcept {
    const std::uint64_t per_layer = 1 + std::uint64_t{epochs_} * parts_.batches;
    const std::uint64_t propagation =
        schedule_ == Schedule::greedy ? (layers_ - 1) * parts_.training_chunks : 0;
    return layers_ * per_layer + propagation;
}

std::uint64_t Timetable::steps() const noexcept {
    return training_steps() + layers_ * (parts_.training_chunks + parts_.test_chunks);
}

Task Timetable::at(std::uint64_t step) const {
    assert(step < steps());
    if (step >= training_steps()) {
        return evaluation_task(step - training_steps());
    }
    return schedule_ == Schedule::greedy ? greedy_task(step) : simultaneous_task(step);
}

bool Timetable::next_is_independent(std::uint64_t step) const {
    if (step + 1 >= steps()) {
        return false;
    }
    const Task next = at(step + 1);
    const bool inputs_stand = schedule_ == Schedule::greedy &&
                              (next.phase == Phase::train || next.phase == Phase::propagate);
    return next.layer == 0 || inputs_stand;
}

Task Timetable::batch_task(std::size_t layer, std::uint64_t batch) const {
    const std::size_t part = batch % parts_.batches;
    return {.phase = Phase::train,
            .layer = layer,
            .epoch = batch / parts_.batches,
            .part = part,
            .last_part = part + 1 == parts_.batches};
}

Task Timetable::greedy_task(std::uint64_t step) const {
    const std::uint64_t batches = std::uint64_t{epochs_} * parts_.batches;
    const std::uint64_t per_layer = 1 + batches + parts_.training_chunks;
    const std::size_t layer = std::min<std::uint64_t>(step / per_layer, layers_ - 1);
    const std::uint64_t within = step - layer * per_layer;
    if (within == 0) {
        return {.phase = Phase::fit, .layer = layer};
    }
    if (within <= batches) {
        return batch_task(layer, within - 1);
    }
    const std::size_t chunk = within - 1 - batches;
    return {.phase = Phase::propagate,
            .layer = layer,
            .part = chunk,
            .last_part = chunk + 1 == parts_.training_chunks};
}

Task Timetable::simultaneous_task(std::uint64_t step) const {
    if (step < layers_) {
        return {.phase = Phase::fit, .layer = step};
    }
    return batch_task(step % layers_, step / layers_ - 1);
}

Task Timetable::evaluation_task(std::uint64_t step) const {
    const std::size_t chunk = step / layers_;
    const bool on_test = chunk >= parts_.training_chunks;
    const std::size_t part = on_test ? chunk - parts_.training_chunks : chunk;
    const std::size_t parts = on_test ? parts_.test_chunks : parts_.training_chunks;
    return {.phase = Phase::evaluate,
            .layer = step % layers_,
            .part = part,
            .last_part = part + 1 == parts,
            .on_test = on_test};
}

} // namespace phyll::training
