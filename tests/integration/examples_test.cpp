// Whoever starts from an example must find that it works as it is.

#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace phyll;
using test::Daemon;

namespace {

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The lab that a run file speaks of; lab.toml where it speaks of none.
std::string lab_of(const std::string& run_file) {
    const std::size_t at = run_file.find("lab-");
    const std::size_t end = run_file.find(".toml", at);
    return at == std::string::npos ? "lab.toml" : run_file.substr(at, end + 5 - at);
}

} // namespace

TEST_CASE("every example of a run fits the example of a lab that it names", "[long]") {
    const bool real_data = test::real_data("vowels/vowels.csv").has_value();
    std::size_t checked = 0;
    for (const std::string lab : {"lab.toml", "lab-noise.toml", "lab-measured.toml"}) {
        if (lab == "lab-measured.toml" && !real_data) {
            continue;
        }
        const std::filesystem::path folder = PHYLL_EXAMPLES_DIR;
        const Daemon daemon(text_of(folder / lab));
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            if (!entry.is_regular_file()) {
                continue; // an example of its own
            }
            const std::string text = text_of(entry.path());
            const bool needs_data = text.find("file = ") != std::string::npos;
            if (text.find("[[layers]]") != std::string::npos && lab_of(text) == lab &&
                (real_data || !needs_data)) {
                const test::Finished finished = daemon.ctl({"run", "check", entry.path().string()});
                CAPTURE(entry.path(), finished.err);
                CHECK(finished.status == 0);
                ++checked;
            }
        }
    }
    REQUIRE(checked >= 5);
}
