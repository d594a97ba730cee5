#include "daemon/training/schemes/local/timetable.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

namespace phyll::training {
namespace {

struct Place {
    std::size_t layer;
    std::size_t batch;
};

/// The `step`th of the steps in which `layers` layers learn from `batches` batches: diagonal after
/// diagonal of equal layer + batch, in each the first layer first.
Place on_diagonals(std::size_t layers, std::size_t batches, std::uint64_t step) {
    const std::uint64_t widest = std::min(layers, batches);
    // Diagonals of 1, 2, ... widest - 1 steps, then of `widest`, then the same the other way round.
    const std::uint64_t rising = widest * (widest - 1) / 2;
    const std::uint64_t total = std::uint64_t{layers} * batches;
    const std::uint64_t last = layers + batches - 2;
    const auto rise = [](std::uint64_t within) {
        std::uint64_t diagonal = 0;
        while (within > diagonal) {
            within -= ++diagonal;
        }
        return std::pair(diagonal, within);
    };
    std::uint64_t diagonal = 0;
    std::uint64_t within = 0;
    if (step < rising) {
        std::tie(diagonal, within) = rise(step);
    } else if (step < total - rising) {
        diagonal = widest - 1 + (step - rising) / widest;
        within = (step - rising) % widest;
    } else {
        std::tie(diagonal, within) = rise(total - 1 - step);
        within = diagonal - within;
        diagonal = last - diagonal;
    }
    const std::size_t layer = (diagonal < batches ? 0 : diagonal - batches + 1) + within;
    return {layer, diagonal - layer};
}

} // namespace

Timetable::Timetable(Schedule schedule, std::size_t layers, std::size_t epochs, const Parts& parts,
                     const Validation& validation)
    : schedule_(schedule), layers_(layers), parts_(parts), may_stop_(validation.patience > 0) {
    for (std::size_t index = 0; index < (greedy() ? layers : 1); ++index) {
        courses_.push_back(course(index, epochs, validation));
    }
}

Timetable::Course Timetable::course(std::size_t index, std::size_t epochs,
                                    const Validation& validation) const {
    Course course{.trained = greedy() ? 1 : layers_, .depth = greedy() ? index + 1 : layers_};
    const std::uint64_t once = std::uint64_t{parts_.validation_chunks} * course.depth;
    std::uint64_t step = 0;
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
        const bool first = std::ranges::binary_search(validation.before, index * epochs + epoch);
        const bool after = validation.every > 0 && (epoch + 1) % validation.every == 0;
        course.validated_first.push_back(first);
        course.validated_after.push_back(after);
        course.begins.push_back(step);
        step += std::uint64_t{parts_.batches} * course.trained + (first ? once : 0) +
                (after ? once : 0);
    }
    course.begins.push_back(step);
    return course;
}

std::uint64_t Timetable::training_steps() const noexcept {
    std::uint64_t steps = layers_;
    for (const Course& course : courses_) {
        steps += course.steps();
    }
    return steps + (greedy() ? (layers_ - 1) * parts_.training_chunks : 0);
}

std::uint64_t Timetable::steps() const noexcept {
    return training_steps() + layers_ * (parts_.judged_chunks + parts_.test_chunks);
}

std::uint64_t Timetable::validations(std::size_t layer) const noexcept {
    std::uint64_t count = 0;
    if (parts_.validation_chunks > 0) {
        for (const Course& course : courses_) {
            if (layer < course.depth) {
                count +=
                    static_cast<std::uint64_t>(std::ranges::count(course.validated_first, true) +
                                               std::ranges::count(course.validated_after, true));
            }
        }
    }
    return count;
}

bool Timetable::validates_after(const Task& task) const {
    return courses_[greedy() ? task.layer : 0].validated_after[task.epoch];
}

Task Timetable::at(std::uint64_t step) const {
    assert(step < steps());
    if (step >= training_steps()) {
        return evaluation_task(step - training_steps());
    }
    if (greedy()) {
        return greedy_task(step);
    }
    return step < layers_ ? Task{.phase = Phase::fit, .layer = step}
                          : course_task(0, step - layers_);
}

bool Timetable::ends_training(std::uint64_t step) const {
    const auto trains = [this](std::uint64_t of) {
        const Phase phase = at(of).phase;
        return phase == Phase::train || phase == Phase::validate;
    };
    return trains(step) && (step + 1 == steps() || !trains(step + 1));
}

bool Timetable::next_is_independent(std::uint64_t step) const {
    if (step + 1 >= steps()) {
        return false;
    }
    const Task now = at(step);
    if (may_stop_ && now.phase == Phase::validate) {
        return false;
    }
    const Task next = at(step + 1);
    if (next.layer == 0) {
        return true;
    }
    if (greedy()) {
        return next.phase == Phase::train || next.phase == Phase::propagate;
    }
    const bool computes_it = now.layer + 1 == next.layer && now.part == next.part;
    return now.phase == Phase::train && next.phase == Phase::train && !computes_it;
}

Task Timetable::greedy_task(std::uint64_t step) const {
    for (std::size_t layer = 0;; ++layer) {
        if (step == 0) {
            return {.phase = Phase::fit, .layer = layer};
        }
        --step;
        if (step < courses_[layer].steps()) {
            return course_task(layer, step);
        }
        step -= courses_[layer].steps();
        if (step < parts_.training_chunks) {
            return {.phase = Phase::propagate,
                    .layer = layer,
                    .part = step,
                    .last_part = step + 1 == parts_.training_chunks};
        }
        step -= parts_.training_chunks;
    }
}

Task Timetable::course_task(std::size_t index, std::uint64_t step) const {
    const Course& course = courses_[index];
    const auto after = std::ranges::upper_bound(course.begins, step);
    const auto epoch = static_cast<std::size_t>(after - course.begins.begin()) - 1;
    std::uint64_t within = step - course.begins[epoch];
    const std::uint64_t once = std::uint64_t{parts_.validation_chunks} * course.depth;
    const std::uint64_t training = std::uint64_t{parts_.batches} * course.trained;
    const std::uint64_t first = course.validated_first[epoch] ? once : 0;
    if (within >= first && within < first + training) {
        return batch_task(course, greedy() ? index : 0, epoch, within - first);
    }
    const bool at_start = within < first;
    within -= at_start ? 0 : first + training;
    const std::size_t chunk = within / course.depth;
    return {.phase = Phase::validate,
            .layer = within % course.depth,
            .epoch = epoch,
            .part = chunk,
            .last_part = chunk + 1 == parts_.validation_chunks,
            .at_start = at_start,
            .deepest = course.depth - 1};
}

Task Timetable::batch_task(const Course& course, std::size_t first_layer, std::size_t epoch,
                           std::uint64_t step) const {
    const Place place = on_diagonals(course.trained, parts_.batches, step);
    return {.phase = Phase::train,
            .layer = first_layer + place.layer,
            .epoch = epoch,
            .part = place.batch,
            .last_part = place.batch + 1 == parts_.batches};
}

Task Timetable::evaluation_task(std::uint64_t step) const {
    const std::size_t chunk = step / layers_;
    const bool on_test = chunk >= parts_.judged_chunks;
    const std::size_t part = on_test ? chunk - parts_.judged_chunks : chunk;
    const std::size_t parts = on_test ? parts_.test_chunks : parts_.judged_chunks;
    return {.phase = Phase::evaluate,
            .layer = step % layers_,
            .part = part,
            .last_part = part + 1 == parts,
            .on_test = on_test,
            .deepest = layers_ - 1};
}

} // namespace phyll::training
