// What a referee does: a bundle, a machine without the rig, the same weights or a reason.

#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <string>

using Catch::Matchers::Contains;
using nlohmann::json;
using phyll::test::Daemon;
using phyll::test::Finished;

namespace {

std::string table() {
    std::string text = "a,b,class\n";
    for (int i = 0; i < 60; ++i) {
        text += std::to_string(i % 7) + "," + std::to_string((3 * i) % 11) + "," +
                (i % 3 == 0 ? "x" : "y") + "\n";
    }
    return text;
}

std::string run_file(const std::filesystem::path& data) {
    return "seed = 3\n[data]\nkind = \"csv\"\nfile = \"" + data.string() +
           "\"\nlabel = \"class\"\n[training]\nepochs = 3\n[[layers]]\nrig = \"cavity\"\n"
           "skip = true\n";
}

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

TEST_CASE("a bundle is verified without the daemon, the rig and the data it was made with") {
    Daemon daemon("[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n"
                  "simulation = { noise = 0.05, drift_samples = 500 }\n");
    const auto data = daemon.write("table.csv", table());
    REQUIRE(
        daemon.ctl({"run", "start", daemon.write("run.toml", run_file(data)).string(), "--watch"})
            .status == 0);
    const json run = json::parse(daemon.ctl({"--json", "run", "show", "1"}).out);
    const std::string bundle = (daemon.folder() / "run.zip").string();
    REQUIRE(daemon.ctl({"run", "bundle", "1", "-o", bundle}).status == 0);
    daemon.stop();
    std::filesystem::remove(data);

    const Finished verified = daemon.ctl({"--json", "verify", bundle});
    CAPTURE(verified.err);
    REQUIRE(verified.status == 0);
    const json said = json::parse(verified.out);
    REQUIRE(said["same"] == true);
    REQUIRE(said["weights_sha256"] == run["weights_sha256"]);
    REQUIRE(said["test_accuracy"] == run["test_accuracy"]);
    REQUIRE(said["differences"].empty());
    REQUIRE_THAT(daemon.ctl({"verify", bundle}).out, Contains("run 1 is verified"));

    // Somebody claims other weights: the manifest's own words are in no hash.
    std::string other = bytes_of(bundle);
    const std::string claimed = run["weights_sha256"];
    const std::size_t at = other.find(claimed);
    other[at] = other[at] == '0' ? '1' : '0';
    const std::string changed = daemon.write("claimed.zip", other).string();
    const Finished refuted = daemon.ctl({"verify", changed});
    REQUIRE(refuted.status != 0);

    const Finished missing = daemon.ctl({"verify", (daemon.folder() / "no.zip").string()});
    REQUIRE(missing.status != 0);
    REQUIRE_THAT(missing.err, Contains("no.zip"));
}
