#pragma once

#include <functional>
#include <stop_token>
#include <utility>

namespace phyll::rig {

/// A stop token that is requested when one of two is, as long as this lives.
class EitherStop {
  public:
    EitherStop(std::stop_token a, std::stop_token b)
        : a_(std::move(a), Request{stop_}), b_(std::move(b), Request{stop_}) {}
    EitherStop(const EitherStop&) = delete;
    EitherStop& operator=(const EitherStop&) = delete;

    [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

  private:
    struct Request {
        std::stop_source stop;
        void operator()() { stop.request_stop(); }
    };

    std::stop_source stop_;
    std::stop_callback<Request> a_;
    std::stop_callback<Request> b_;
};

} // namespace phyll::rig
