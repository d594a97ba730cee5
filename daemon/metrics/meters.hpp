#pragma once

#include "daemon/rig/device.hpp"
#include "daemon/rpc/dispatcher.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/error.hpp"

#include <prometheus/histogram.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace phyll::metrics {

/// What a rig's queries come to, added up as they end. Thread rule: any thread.
class RigMeter {
  public:
    struct Totals {
        std::uint64_t samples = 0; ///< measured
        double seconds = 0.0;      ///< in which the rig was busy
        std::uint64_t faults = 0;  ///< queries that failed by the rig
    };

    RigMeter();

    void note(const rig::QueryEnd& end);
    [[nodiscard]] Totals totals() const;
    /// How long queries took that were answered.
    [[nodiscard]] const prometheus::Histogram& seconds() const noexcept { return seconds_; }

  private:
    mutable std::mutex mutex_;
    Totals totals_;
    prometheus::Histogram seconds_;
};

/// What clients' requests come to, added up as they end. Thread rule: any thread.
class RequestMeter {
  public:
    /// A request for a method that there is not has none: `method` is null.
    void note(const rpc::Dispatcher::Method* method, Code code, Seconds took);

    /// By the method, "Lab/Describe", or "unknown", and how the request ended.
    using Counts = std::map<std::pair<std::string, Code>, std::uint64_t>;
    [[nodiscard]] Counts counts() const;
    /// How long requests took for methods that answer once, by the method. Of those that were done:
    /// what is refused is quick.
    [[nodiscard]] std::map<std::string, prometheus::ClientMetric> seconds() const;

  private:
    mutable std::mutex mutex_;
    Counts counts_;
    std::map<std::string, std::unique_ptr<prometheus::Histogram>> seconds_;
};

/// What is seen as it happens, and is nowhere to be looked up afterwards.
class Meters {
  public:
    /// Meters of a rig, which lives on with whoever notes something in it. Before the first `rigs`.
    [[nodiscard]] std::shared_ptr<RigMeter> add_rig(const std::string& name);
    [[nodiscard]] const std::map<std::string, std::shared_ptr<RigMeter>>& rigs() const noexcept {
        return rigs_;
    }
    [[nodiscard]] RequestMeter& requests() noexcept { return requests_; }
    [[nodiscard]] const RequestMeter& requests() const noexcept { return requests_; }

  private:
    std::map<std::string, std::shared_ptr<RigMeter>> rigs_;
    RequestMeter requests_;
};

} // namespace phyll::metrics
