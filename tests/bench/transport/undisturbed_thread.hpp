#pragma once

#include <fmt/format.h>

#include <sched.h>

namespace phyll::bench {

/// A client that asks is on a computer of its own, and does not wait for the processors that others
/// use: while this lives its thread runs as soon as it can, as do those that it starts meanwhile.
/// Where that is not allowed it says so.
class UndisturbedThread {
  public:
    UndisturbedThread() {
        const sched_param least{.sched_priority = 1};
        if (::sched_setscheduler(0, SCHED_RR, &least) != 0) {
            fmt::print("(clients wait for processors, too: real-time scheduling is not allowed)\n");
        }
    }
    UndisturbedThread(const UndisturbedThread&) = delete;
    UndisturbedThread& operator=(const UndisturbedThread&) = delete;
    ~UndisturbedThread() {
        const sched_param none{};
        ::sched_setscheduler(0, SCHED_OTHER, &none);
    }
};

} // namespace phyll::bench
