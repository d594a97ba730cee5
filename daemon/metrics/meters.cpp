#include "daemon/metrics/meters.hpp"

namespace phyll::metrics {
namespace {

/// From what a simulation takes for a sample to what a slow rig takes for its largest batch; in s.
const prometheus::Histogram::BucketBoundaries query_seconds{0.0001, 0.001, 0.01, 0.03, 0.1, 0.3,
                                                            1,      3,     10,   30,   100, 300};
/// From what a look at the lab takes to what waits for a rig; in s.
const prometheus::Histogram::BucketBoundaries request_seconds{
    0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100};

/// Whether a query failed by the rig: it was neither refused, nor stopped, nor given too little
/// time by whoever asked (what takes longer than the rig may is UNAVAILABLE).
bool is_fault(Code code) {
    return code == Code::unavailable || code == Code::data_loss || code == Code::internal ||
           code == Code::unknown;
}

std::string label_of(const rpc::Dispatcher::Method* method) {
    return method == nullptr
               ? "unknown" // clients can call one what they like
               : method->descriptor->service()->name() + "/" + method->descriptor->name();
}

} // namespace

RigMeter::RigMeter() : seconds_(query_seconds) {}

void RigMeter::note(const rig::QueryEnd& end) {
    {
        const std::lock_guard lock(mutex_);
        totals_.samples += end.samples;
        totals_.seconds += end.seconds;
        totals_.faults += is_fault(end.code) ? 1 : 0;
    }
    if (end.code == Code::ok) {
        seconds_.Observe(end.seconds);
    }
}

RigMeter::Totals RigMeter::totals() const {
    const std::lock_guard lock(mutex_);
    return totals_;
}

void RequestMeter::note(const rpc::Dispatcher::Method* method, Code code, Seconds took) {
    const std::string label = label_of(method);
    const std::lock_guard lock(mutex_);
    ++counts_[{label, code}];
    if (method != nullptr && method->exchange == rpc::Exchange::unary && code == Code::ok) {
        std::unique_ptr<prometheus::Histogram>& seconds = seconds_[label];
        if (!seconds) {
            seconds = std::make_unique<prometheus::Histogram>(request_seconds);
        }
        seconds->Observe(took.count());
    }
}

RequestMeter::Counts RequestMeter::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

std::map<std::string, prometheus::ClientMetric> RequestMeter::seconds() const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, prometheus::ClientMetric> out;
    for (const auto& [method, seconds] : seconds_) {
        out.emplace(method, seconds->Collect());
    }
    return out;
}

std::shared_ptr<RigMeter> Meters::add_rig(const std::string& name) {
    return rigs_.emplace(name, std::make_shared<RigMeter>()).first->second;
}

} // namespace phyll::metrics
