#include "daemon/metrics/endpoint.hpp"
#include "tests/support/metrics_text.hpp"
#include "tests/support/raw_http.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace phyll;
using metrics::Collector;
using metrics::Endpoint;
using metrics::Snapshot;
using test::http_get;
using test::HttpAnswer;

namespace {

const SystemClock endpoint_clock;

std::shared_ptr<Collector> collector_on(Collector::Post post) {
    return std::make_shared<Collector>(
        metrics::Build{.version = "1.2.3", .kernel_level = "x86-64"},
        std::make_shared<metrics::Meters>(), [] { return Snapshot(); }, std::move(post),
        endpoint_clock);
}

/// An endpoint whose loop answers at once.
struct EndpointBench {
    Endpoint endpoint{"127.0.0.1", 0, collector_on([](const auto& task) { task(); })};
    std::uint16_t port = test::port_of(endpoint.url());

    [[nodiscard]] bool serves() const {
        const HttpAnswer answer = http_get(port, "/metrics");
        return answer.status == 200 && test::read_metrics(answer.body)["phyll_up"] == 1;
    }
    /// What comes back for these bytes, up to the end of the connection.
    [[nodiscard]] std::string ask(const std::string& bytes) const {
        const test::RawHttp http(port);
        http.send(bytes);
        return http.receive();
    }
};

} // namespace

TEST_CASE("metrics are served at one path of loopback, and nothing else is") {
    const EndpointBench bench;
    REQUIRE(bench.endpoint.url() == "http://127.0.0.1:" + std::to_string(bench.port) + "/metrics");
    REQUIRE(bench.serves());
    for (const char* path : {"/", "/etc/passwd", "/../../../etc/passwd", "/metric"}) {
        INFO(path);
        REQUIRE(http_get(bench.port, path).status == 404);
    }
}

TEST_CASE("what is no request for metrics is refused, and the rest goes on") {
    const EndpointBench bench;
    const auto status = [&](const std::string& bytes) {
        return test::read_answer(bench.ask(bytes)).status;
    };
    REQUIRE(status("PUT /metrics HTTP/1.1\r\nContent-Length: 1\r\n\r\nx") >= 400);
    REQUIRE(status("DELETE /metrics HTTP/1.1\r\n\r\n") >= 400);
    REQUIRE(status("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n") >= 400);
    REQUIRE(status("GET /metrics HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n") != 200);
    REQUIRE(bench.serves());
}

TEST_CASE("an address that is taken is refused by name") {
    const EndpointBench bench;
    REQUIRE_THROWS_WITH(
        Endpoint("127.0.0.1", bench.port, collector_on([](const auto& task) { task(); })),
        Catch::Matchers::Contains("127.0.0.1:" + std::to_string(bench.port)));
}

TEST_CASE("an endpoint ends while a scrape waits for a loop that never answers") {
    std::promise<void> asked;
    auto endpoint = std::make_unique<Endpoint>(
        "127.0.0.1", std::uint16_t{0}, collector_on([&](const auto&) { asked.set_value(); }));
    const test::RawHttp http(test::port_of(endpoint->url()));
    http.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    asked.get_future().wait();
    endpoint.reset();
    const HttpAnswer answer = test::read_answer(http.receive());
    if (answer.status != 0) { // it was told before the end
        REQUIRE(test::read_metrics(answer.body)["phyll_up"] == 0);
    }
}
