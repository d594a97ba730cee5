#include "sim/rigs/decorators/faults.hpp"

#include "drivers/core/error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace phyll::sim {
namespace {

constexpr const char* disconnected = "disconnected (simulated)";

} // namespace

Faults::Faults(std::unique_ptr<PhysicalLayer> inner, std::vector<FaultPlan> plans,
               const Clock& clock, std::stop_token let_go)
    : Decorator(std::move(inner)),
      plans_(std::move(plans)),
      clock_(clock),
      let_go_(std::move(let_go)) {}

void Faults::inject(FaultPlan plan) {
    std::erase_if(plans_, [&](const FaultPlan& old) { return over(old); });
    plan.at_query += queries_;
    plans_.push_back(plan);
}

void Faults::query(ConstBlock x, Block y, const QueryContext& context) {
    const std::uint64_t query = queries_++;
    for (const FaultPlan& plan : plans_) {
        if (due(plan, query)) {
            before(plan, query, context);
        }
    }
    if (recoveries_needed_ > 0) {
        throw Error(Code::unavailable, disconnected);
    }
    inner().query(x, y, context);
    for (const FaultPlan& plan : plans_) {
        if (due(plan, query)) {
            spoil(plan, y);
        }
    }
}

Health Faults::health() const {
    if (recoveries_needed_ > 0) {
        return {.state = Health::State::fault, .reason = disconnected};
    }
    return Decorator::health();
}

void Faults::recover(const Deadline& deadline, std::stop_token stop) {
    if (recoveries_needed_ > 0) {
        --recoveries_needed_;
    }
    if (recoveries_needed_ > 0) {
        throw Error(Code::unavailable, disconnected);
    }
    Decorator::recover(deadline, std::move(stop));
}

bool Faults::over(const FaultPlan& plan) const {
    return queries_ > plan.at_query && queries_ - plan.at_query >= plan.count;
}

bool Faults::due(const FaultPlan& plan, std::uint64_t query) const {
    if (plan.kind == FaultPlan::Kind::disconnect) {
        return query == plan.at_query;
    }
    return query >= plan.at_query && query - plan.at_query < plan.count;
}

void Faults::before(const FaultPlan& plan, std::uint64_t query, const QueryContext& context) {
    switch (plan.kind) {
    case FaultPlan::Kind::fail:
        throw Error(Code::unavailable, fmt::format("query {} failed (simulated)", query));
    case FaultPlan::Kind::hang:
        static_cast<void>(clock_.wait_until(context.deadline.at(), context.stop));
        throw_if_over(context, clock_);
        break;
    case FaultPlan::Kind::stuck:
        static_cast<void>(clock_.wait_until(Clock::Monotonic::max(), let_go_));
        throw Error(Code::unavailable,
                    fmt::format("query {} was stuck until it was let go (simulated)", query));
    case FaultPlan::Kind::disconnect:
        recoveries_needed_ = plan.count;
        break;
    case FaultPlan::Kind::not_finite:
    case FaultPlan::Kind::out_of_range:
        break;
    }
}

void Faults::spoil(const FaultPlan& plan, Block y) const {
    float& last = y.values().back();
    const double maximum = spec().outputs.back().maximum;
    if (plan.kind == FaultPlan::Kind::not_finite) {
        last = std::numeric_limits<float>::quiet_NaN();
    } else if (plan.kind == FaultPlan::Kind::out_of_range) {
        last = static_cast<float>(maximum + 1.0 + std::abs(maximum));
    }
}

} // namespace phyll::sim
