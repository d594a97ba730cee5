#include "tests/integration/run_lab.hpp"

#include "tests/support/await.hpp"

#include <cstdlib>

namespace phyll::test {

bool RunLab::hand_on(const bench::Environment& environment) {
    for (const auto& [name, value] : environment) {
        ::setenv(name.c_str(), value.c_str(), 1);
    }
    return true;
}

std::uint64_t RunLab::figure(const std::string& instrument, const std::string& name) {
    const auto figures = bench.status(instrument).figures;
    const auto found = std::ranges::find(figures, name, &bench::Figure::name);
    REQUIRE(found != figures.end());
    return found->value;
}

bool RunLab::driven_while_held(const std::string& run, const std::string& instrument) {
    bool driven = false;
    await([&] {
        const std::string before = show(run)["state"];
        const bool on = output_on(instrument);
        const bool held = before == "held" && show(run)["state"] == "held";
        driven = driven || (held && on);
        return held || before == "succeeded" || before == "failed";
    });
    return driven;
}

} // namespace phyll::test
