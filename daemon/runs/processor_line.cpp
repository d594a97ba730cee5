#include "daemon/runs/processor_line.hpp"

#include <algorithm>

namespace phyll::runs {

void ProcessorLine::wait_for(std::uint64_t run, int priority, Granted granted) {
    insert({run, priority, ++last_ticket_, std::move(granted)});
    grant();
}

void ProcessorLine::end(std::uint64_t run) {
    std::erase_if(having_, [&](const auto& turn) { return turn.first == run; });
    std::erase_if(line_, [&](const Waiting& waiting) { return waiting.run == run; });
    grant();
}

void ProcessorLine::prioritise(std::uint64_t run, int priority) {
    const auto found = std::ranges::find(line_, run, &Waiting::run);
    if (found == line_.end()) {
        return;
    }
    Waiting waiting = std::move(*found);
    line_.erase(found);
    waiting.priority = priority;
    insert(std::move(waiting));
}

bool ProcessorLine::waits(std::uint64_t run) const {
    return std::ranges::find(line_, run, &Waiting::run) != line_.end();
}

void ProcessorLine::insert(Waiting waiting) {
    const auto behind = std::ranges::find_if(line_, [&](const Waiting& other) {
        return other.priority < waiting.priority ||
               (other.priority == waiting.priority && other.ticket > waiting.ticket);
    });
    line_.insert(behind, std::move(waiting));
}

void ProcessorLine::grant() {
    while (!line_.empty() && having_.size() < turns_) {
        Waiting next = std::move(line_.front());
        line_.pop_front();
        const std::pair turn(next.run, next.ticket);
        having_.insert(turn);
        post_([this, turn, granted = std::move(next.granted)] {
            if (having_.contains(turn)) {
                granted();
            }
        });
    }
}

} // namespace phyll::runs
