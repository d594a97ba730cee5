#pragma once

#include <thread>

namespace phyll::test {

/// Asks again and again until it holds; the test's own time limit ends it if it never does.
template <class Condition>
void await(Condition condition) {
    while (!condition()) {
        std::this_thread::yield();
    }
}

} // namespace phyll::test
