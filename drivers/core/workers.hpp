#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace phyll {

/// A few threads that share the numerical work of everybody in the process.
///
/// `run(n, task)` calls task(0) ... task(n - 1), each once, on the workers and on the caller, and
/// returns when all are done. Which thread takes which task is not defined, so tasks must write to
/// places of their own; then results do not depend on the number of threads. If tasks throw, the
/// exception of the lowest index is rethrown, after all have ended. Any thread may call `run`, also
/// several at a time; a task must not.
class Workers {
  public:
    /// `threads` counts the caller: 1 means that the caller does everything itself.
    explicit Workers(unsigned threads);
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;
    ~Workers();

    [[nodiscard]] unsigned threads() const noexcept;
    void run(std::size_t tasks, const std::function<void(std::size_t)>& task);

  private:
    struct Pool;
    std::unique_ptr<Pool> pool_;
};

} // namespace phyll
