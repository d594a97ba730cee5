// What a run measured, handed out as files.
#include "tests/integration/run_files.hpp"
#include "tests/support/await.hpp"
#include "tests/support/process.hpp"

#include "drivers/core/journal/measurements.hpp"
#include "drivers/core/readers/sha256.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <string>
#include <vector>

using namespace phyll;
using Catch::Contains;
using nlohmann::json;
using test::Daemon;
using test::Finished;

namespace {

const std::string python = "/usr/bin/python3";

/// Opens the file as a researcher would and says what is in it.
constexpr const char* script = R"(
import h5py, hashlib, json, sys
with h5py.File(sys.argv[1]) as file:
    rig = file["cavity"]
    print(json.dumps({
        "format": file.attrs["format"], "run": file.attrs["run"], "seed": int(file.attrs["seed"]),
        "rig": rig.attrs["rig"], "kind": rig.attrs["kind"], "sets": sorted(rig),
        "shapes": {name: rig[name].shape for name in rig},
        "types": {name: str(rig[name].dtype) for name in rig},
        "sums": {name: hashlib.sha256(rig[name][:].tobytes()).hexdigest() for name in rig},
        "purposes": sorted(set(rig["purpose"][:].tolist())),
        "late": bool((rig["time"][:, 1] >= rig["time"][:, 0]).all()),
        "unit": rig["stimulus"].attrs["unit"]}))
)";

/// docs/bundle.md's own lines.
constexpr const char* bundle_script = R"(
import hashlib, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as bundle:
    manifest = json.loads(bundle.read("manifest.json"))
    for file in manifest["files"]:
        assert hashlib.sha256(bundle.read(file["name"])).hexdigest() == file["sha256"], file["name"]
    assert bundle.testzip() is None
    print(json.dumps({
        "run": manifest["run"], "weights_sha256": manifest["weights_sha256"],
        "names": [file["name"] for file in manifest["files"]],
        "run.toml": bundle.read("run.toml").decode(),
        "spec": json.loads(bundle.read("spec.json"))}))
)";

/// The same of the journal: digests of the columns.
json sums_of(const journal::Reader& reader) {
    const journal::RigEntry& rig = reader.header().rigs[0];
    std::map<std::string, Sha256> sums;
    std::vector<float> x(rig.n_in);
    std::vector<float> y(rig.n_out);
    journal::for_each_measurement(reader, 0,
                                  [&](const journal::FactsView& facts, std::size_t sample) {
                                      const auto add = [&](const char* name, auto value) {
                                          sums[name].add(std::as_bytes(std::span(&value, 1)));
                                      };
                                      facts.read_stimulus(sample, x);
                                      facts.read_response(sample, y);
                                      sums["stimulus"].add(std::as_bytes(std::span(x)));
                                      sums["response"].add(std::as_bytes(std::span(y)));
                                      add("layer", static_cast<std::int32_t>(facts.layer));
                                      add("number", std::uint64_t{facts.first_number + sample});
                                      add("era", facts.era);
                                      add("purpose", static_cast<std::uint8_t>(facts.purpose));
                                  });
    json out;
    for (auto& [name, sum] : sums) {
        out[name] = phyll::to_hex(sum.digest());
    }
    return out;
}

} // namespace

TEST_CASE("exported measurements open in h5py as documented, and are those of the journal") {
    Daemon daemon;
    REQUIRE(
        daemon.ctl({"run", "start", "--watch", daemon.write("run.toml", test::short_run).string()})
            .status == 0);
    const std::string file = (daemon.folder() / "measurements.h5").string();
    const Finished exported =
        daemon.ctl({"--json", "run", "export", "1", "--measurements", "-o", file});
    INFO(exported.err);
    REQUIRE(exported.status == 0);
    const json said = json::parse(exported.out);
    REQUIRE(said["event"] == "exported");
    REQUIRE(said["bytes"] == std::filesystem::file_size(file));
    REQUIRE_FALSE(std::filesystem::exists(file + ".part"));

    if (test::run_command({python, "-c", "import h5py"}).status != 0) {
        WARN("not tested: python3-h5py is not installed");
        return;
    }
    const Finished opened =
        test::run_command({python, daemon.write("open.py", script).string(), file});
    INFO(opened.err);
    REQUIRE(opened.status == 0);
    const json found = json::parse(opened.out);
    REQUIRE(daemon.stop() == 0);
    const journal::Reader reader(daemon.state_dir() / "runs" / "1" / "journal");
    const json expected = sums_of(reader);
    for (const auto& [name, sum] : expected.items()) {
        CAPTURE(name);
        REQUIRE(found["sums"][name] == sum);
    }
    REQUIRE(found["format"] == "phyll measurements 1");
    REQUIRE(found["run"] == "1");
    REQUIRE(found["seed"] == 3);
    REQUIRE(found["rig"] == "cavity");
    REQUIRE(found["kind"] == "acoustic");
    REQUIRE(found["unit"] == "drive, from 0 to 1");
    REQUIRE(found["late"] == true);
    REQUIRE(found["purposes"] == std::vector<int>{0, 1});
    REQUIRE(found["sets"] == std::vector<std::string>{"era", "label", "layer", "number", "purpose",
                                                      "response", "sample", "split", "stimulus",
                                                      "time"});
    const std::size_t rows = found["shapes"]["number"][0];
    REQUIRE(found["shapes"]["stimulus"] == std::vector<std::size_t>{rows, 20});
    REQUIRE(found["shapes"]["time"] == std::vector<std::size_t>{rows, 2});
    REQUIRE(found["types"] == json{{"era", "uint32"},
                                   {"label", "int64"},
                                   {"layer", "int32"},
                                   {"number", "uint64"},
                                   {"purpose", "uint8"},
                                   {"response", "float32"},
                                   {"sample", "int64"},
                                   {"split", "int8"},
                                   {"stimulus", "float32"},
                                   {"time", "int64"}});
}

TEST_CASE("a bundle is a zip archive whose manifest is right") {
    Daemon daemon;
    REQUIRE(
        daemon.ctl({"run", "start", "--watch", daemon.write("run.toml", test::short_run).string()})
            .status == 0);
    const std::string file = (daemon.folder() / "run.zip").string();
    const Finished bundled = daemon.ctl({"--json", "run", "bundle", "1", "-o", file});
    INFO(bundled.err);
    REQUIRE(bundled.status == 0);
    const Finished opened =
        test::run_command({python, daemon.write("open.py", bundle_script).string(), file});
    INFO(opened.err);
    REQUIRE(opened.status == 0);
    const json found = json::parse(opened.out);
    REQUIRE(found["run"] == 1);
    REQUIRE(found["run.toml"] == test::short_run);
    REQUIRE(found["names"] == std::vector<std::string>{"run.toml", "spec.json", "conditions.json",
                                                       "result.json", "result.h5", "journal",
                                                       "rigs.json"});
    const json run = json::parse(daemon.ctl({"--json", "run", "show", "1"}).out);
    REQUIRE(found["weights_sha256"] == run["weights_sha256"]);
    REQUIRE(found["spec"]["seed"] == "3");
}

TEST_CASE("what cannot be exported is named, and leaves no file") {
    Daemon daemon;
    const std::string file = (daemon.folder() / "measurements.h5").string();
    const auto refused = [&](const std::string& run) {
        const Finished finished = daemon.ctl({"run", "export", run, "--measurements", "-o", file});
        REQUIRE_FALSE(std::filesystem::exists(file));
        REQUIRE_FALSE(std::filesystem::exists(file + ".part"));
        return finished;
    };
    const Finished unknown = refused("17");
    REQUIRE(unknown.status == 3);
    REQUIRE_THAT(unknown.err, Contains("17"));

    const std::string digital = "[data]\nkind = \"vowels\"\ntraining_samples = 42\n"
                                "test_samples = 35\n[training]\nepochs = 2\n[[layers]]\n"
                                "physics = false\n";
    REQUIRE(daemon.ctl({"run", "start", "--watch", daemon.write("run.toml", digital).string()})
                .status == 0);
    const Finished nothing = refused("1");
    REQUIRE(nothing.status == 3);
    REQUIRE_THAT(nothing.err, Contains("run 1 has no journal: it has measured nothing"));

    REQUIRE(
        daemon.ctl({"run", "start", daemon.write("run.toml", test::endless_run).string()}).status ==
        0);
    test::await([&] {
        return json::parse(daemon.ctl({"--json", "run", "show", "2"}).out)["state"] == "running" &&
               std::filesystem::exists(daemon.state_dir() / "runs" / "2" / "journal");
    });
    const Finished under_way = refused("2");
    REQUIRE(under_way.status == 6);
    REQUIRE_THAT(under_way.err, Contains("run 2 is under way"));

    const Finished no_folder = daemon.ctl(
        {"run", "export", "1", "--measurements", "-o", "/no/such/folder/measurements.h5"});
    REQUIRE(no_folder.status != 0);
    REQUIRE_THAT(no_folder.err, Contains("/no/such/folder/measurements.h5 cannot be written"));
}
