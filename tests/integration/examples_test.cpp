// Whoever starts from an example must find that it works as it is.

#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

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

std::vector<std::filesystem::path> run_files() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(PHYLL_EXAMPLES_DIR)) {
        if (entry.path().extension() == ".toml" &&
            text_of(entry.path()).find("[[layers]]") != std::string::npos) {
            files.push_back(entry.path());
        }
    }
    return files;
}

} // namespace

TEST_CASE("every example of a run fits the example of a lab that it names", "[long]") {
    const bool real_data = test::real_data("vowels/vowels.csv").has_value();
    const std::filesystem::path folder = PHYLL_EXAMPLES_DIR;
    std::size_t checked = 0;
    const auto files = run_files();
    for (const std::string lab : {"lab.toml", "lab-noise.toml", "lab-measured.toml"}) {
        if (lab == "lab-measured.toml" && !real_data) {
            continue;
        }
        const Daemon daemon(text_of(folder / lab));
        for (const auto& file : files) {
            const std::string text = text_of(file);
            const bool needs_data = text.find("file = ") != std::string::npos;
            if (lab_of(text) != lab || (needs_data && !real_data)) {
                continue;
            }
            const test::Finished finished = daemon.ctl({"run", "check", file.string()});
            CAPTURE(file, finished.err);
            CHECK(finished.status == 0);
            ++checked;
        }
    }
    REQUIRE(checked >= 5);
    REQUIRE((!real_data || checked == files.size())); // none names a lab that is not tried
}
