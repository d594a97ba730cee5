#pragma once

#include "sim/rigs/decorators/decorator.hpp"

#include <cstdint>
#include <stop_token>
#include <vector>

namespace phyll::sim {

/// A fault that is to happen. Queries are counted from 0 since the layer was made, failed ones too.
struct FaultPlan {
    enum class Kind {
        fail,         ///< the query throws UNAVAILABLE
        hang,         ///< the query ends only when stopped or past its deadline
        stuck,        ///< the query does not end, whatever it is told
        not_finite,   ///< the query's last response is not a number
        out_of_range, ///< the query's last response is above the spec's range
        disconnect    ///< from here on every query fails until `recover` was called `count` times
    };
    Kind kind = Kind::fail;
    std::uint64_t at_query = 0;
    /// How many queries in a row it happens to; for `disconnect`, how many recoveries it takes.
    std::uint32_t count = 1;
};

/// Makes the faults of real instruments happen when planned. A simulation drives nothing, so it is
/// safe even when disconnected.
class Faults final : public Decorator {
  public:
    /// `clock` outlives the layer. A request on `let_go` ends queries that are stuck (UNAVAILABLE);
    /// without it nothing does.
    Faults(std::unique_ptr<PhysicalLayer> inner, std::vector<FaultPlan> plans, const Clock& clock,
           std::stop_token let_go = {});

    /// One more plan, whose `at_query` is counted from the query that comes next. Plans that are
    /// over are forgotten.
    void inject(FaultPlan plan);

    void query(ConstBlock x, Block y, const QueryContext& context) override;
    [[nodiscard]] Health health() const override;
    void recover(const Deadline& deadline, std::stop_token stop) override;

  private:
    [[nodiscard]] bool over(const FaultPlan& plan) const;
    [[nodiscard]] bool due(const FaultPlan& plan, std::uint64_t query) const;
    void before(const FaultPlan& plan, std::uint64_t query, const QueryContext& context);
    void spoil(const FaultPlan& plan, Block y) const;

    std::vector<FaultPlan> plans_;
    const Clock& clock_;
    std::stop_token let_go_;
    std::uint64_t queries_ = 0;
    std::uint32_t recoveries_needed_ = 0;
};

} // namespace phyll::sim
