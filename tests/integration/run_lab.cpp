#include "tests/integration/run_lab.hpp"

#include "tests/support/await.hpp"

namespace phyll::test {

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
