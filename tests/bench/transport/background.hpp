#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

namespace phyll::bench {

/// Work on a thread of its own, over and over, while it is switched on.
class Background {
  public:
    /// `begin` is called once on the thread, and returns what is done over and over.
    explicit Background(std::function<std::function<void()>()> begin)
        : thread_([this, begin = std::move(begin)] {
              const std::function<void()> work = begin();
              while (await_on()) {
                  work();
              }
          }) {}
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    ~Background() {
        set(State::ended);
        thread_.join();
    }

    void on() { set(State::on); }
    void off() { set(State::off); }

  private:
    enum class State { off, on, ended };

    void set(State state) {
        state_ = state;
        state_.notify_all();
    }
    /// False at the end.
    bool await_on() {
        state_.wait(State::off);
        return state_ != State::ended;
    }

    std::atomic<State> state_ = State::off;
    std::thread thread_;
};

} // namespace phyll::bench
