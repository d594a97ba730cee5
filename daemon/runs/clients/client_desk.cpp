#include "daemon/runs/clients/client_desk.hpp"

#include <utility>

namespace phyll::runs {

ClientDesk::~ClientDesk() {
    close(Error(Code::unavailable, "the run is gone"));
}

void ClientDesk::post(Task task) {
    std::unique_lock lock(mutex_);
    if (closed_) {
        const Error why = *closed_;
        lock.unlock();
        task.done(std::make_exception_ptr(why));
        return;
    }
    tasks_.push_back(std::move(task));
    lock.unlock();
    changed_.notify_all();
}

std::optional<ClientDesk::Task> ClientDesk::take(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return !tasks_.empty(); }) || stop.stop_requested()) {
        return std::nullopt;
    }
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
}

void ClientDesk::close(const Error& why) {
    std::deque<Task> refused;
    {
        const std::lock_guard lock(mutex_);
        closed_ = closed_.value_or(why);
        refused = std::exchange(tasks_, {});
    }
    for (const Task& task : refused) {
        task.done(std::make_exception_ptr(why));
    }
}

} // namespace phyll::runs
