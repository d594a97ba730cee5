#pragma once

#include "drivers/core/clock.hpp"

namespace phyll::bench {

/// Adds up the time in which something holds. Thread rule: the bench's thread.
class Stopwatch {
  public:
    explicit Stopwatch(const Clock& clock) : clock_(clock), since_(clock.now()) {}

    void set(bool running) {
        total_ = seconds();
        since_ = clock_.now();
        running_ = running;
    }
    void reset() {
        total_ = Seconds(0);
        since_ = clock_.now();
    }
    [[nodiscard]] Seconds seconds() const {
        return running_ ? total_ + Seconds(clock_.now() - since_) : total_;
    }

  private:
    const Clock& clock_;
    Clock::Monotonic since_;
    Seconds total_{0};
    bool running_ = false;
};

/// How much of the time the instruments of a bench waited for their clients: somebody was
/// connected, and none of them was busy.
class Waiting {
  public:
    explicit Waiting(const Clock& clock) : waiting_(clock), all_(clock) { all_.set(true); }

    void busy(int change) { update(busy_ += change, clients_); }
    void clients(int change) { update(busy_, clients_ += change); }
    void reset() {
        waiting_.reset();
        all_.reset();
    }
    [[nodiscard]] Seconds waiting() const { return waiting_.seconds(); }
    [[nodiscard]] Seconds all() const { return all_.seconds(); }

  private:
    void update(int busy, int clients) { waiting_.set(busy == 0 && clients > 0); }

    Stopwatch waiting_;
    Stopwatch all_;
    int busy_ = 0;
    int clients_ = 0;
};

/// What one instrument is busy with: messages and records, which may overlap.
class Activity {
  public:
    Activity(const Clock& clock, Waiting& bench) : bench_(bench), busy_(clock) {}

    void begin() {
        ++count_;
        busy_.set(true);
        bench_.busy(1);
    }
    void end() {
        --count_;
        busy_.set(count_ > 0);
        bench_.busy(-1);
    }
    void reset() { busy_.reset(); }
    [[nodiscard]] Seconds busy() const { return busy_.seconds(); }

  private:
    Waiting& bench_;
    Stopwatch busy_;
    int count_ = 0;
};

} // namespace phyll::bench
