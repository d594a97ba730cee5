#include "daemon/metrics/meters.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using metrics::RequestMeter;
using metrics::RigMeter;

TEST_CASE("what a rig measured, how long it was busy, and what failed by it is added up") {
    RigMeter meter;
    meter.note({.samples = 100, .seconds = 2.0});
    meter.note({.samples = 1, .seconds = 0.25});
    meter.note({.code = Code::unavailable, .seconds = 60.0});
    REQUIRE(meter.totals().samples == 101);
    REQUIRE(meter.totals().seconds == 62.25);
    REQUIRE(meter.totals().faults == 1);
    // What failed says nothing of how fast the rig answers.
    const auto seconds = meter.seconds().Collect().histogram;
    REQUIRE(seconds.sample_count == 2);
    REQUIRE(seconds.sample_sum == 2.25);
}

TEST_CASE("a query that was refused, stopped, or had too little time is no fault of the rig") {
    RigMeter meter;
    for (const Code code : {Code::invalid_argument, Code::out_of_range, Code::cancelled,
                            Code::deadline_exceeded, Code::not_found, Code::aborted}) {
        meter.note({.code = code});
    }
    REQUIRE(meter.totals().faults == 0);
    for (const Code code : {Code::unavailable, Code::data_loss, Code::internal, Code::unknown}) {
        meter.note({.code = code});
    }
    REQUIRE(meter.totals().faults == 4);
}

TEST_CASE("requests are counted by method and code, whatever clients call their methods") {
    const rpc::Dispatcher dispatcher;
    const auto* describe = dispatcher.find("phyll.v1.Lab/Describe");
    RequestMeter meter;
    meter.note(describe, Code::ok, Seconds(0.25));
    meter.note(describe, Code::ok, Seconds(0.5));
    meter.note(describe, Code::permission_denied, Seconds(0.125));
    meter.note(nullptr, Code::unimplemented, Seconds(0));
    meter.note(nullptr, Code::unimplemented, Seconds(0));
    REQUIRE(meter.counts() == RequestMeter::Counts{{{"Lab/Describe", Code::ok}, 2},
                                                   {{"Lab/Describe", Code::permission_denied}, 1},
                                                   {{"unknown", Code::unimplemented}, 2}});
    REQUIRE(meter.seconds().size() == 1);
    REQUIRE(meter.seconds().at("Lab/Describe").histogram.sample_sum == 0.75);
}

TEST_CASE("how long a stream is open is no latency") {
    const rpc::Dispatcher dispatcher;
    RequestMeter meter;
    meter.note(dispatcher.find("phyll.v1.Runs/Watch"), Code::ok, Seconds(3600));
    meter.note(dispatcher.find("phyll.v1.Rigs/Stream"), Code::ok, Seconds(3600));
    REQUIRE(meter.counts().size() == 2);
    REQUIRE(meter.seconds().empty());
}
