#include "daemon/runs/calibration_files.hpp"
#include "daemon/runs/state_dir.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <iterator>

using namespace phyll;
using runs::CalibrationFiles;

namespace {

rig::KeptCalibration calibration(double latency) {
    rig::KeptCalibration out{.calibration = {}, .time = 1795888959.897715, .version = "0.1.0"};
    out.calibration.quantities = {{.name = "latency", .unit = "s", .value = latency},
                                  {.name = "scale", .unit = "1", .value = 0.1 + 0.2}};
    out.calibration.identities = {
        {.maker = "A, B", .model = "M", .serial = "S \"1\"", .firmware = "1.0"}, {}};
    return out;
}

} // namespace

TEST_CASE("a calibration comes back to the bit, and the next takes its place") {
    const test::TempDir dir;
    const std::filesystem::path folder = dir.path() / "calibration";
    CalibrationFiles files(folder);
    REQUIRE_FALSE(files.load("bench"));
    REQUIRE_FALSE(std::filesystem::exists(folder));
    for (const double latency : {2.349719999999997e-06, -1e-300}) {
        files.save("bench", calibration(latency));
        const auto kept = CalibrationFiles(folder).load("bench");
        REQUIRE(kept);
        REQUIRE(kept->calibration == calibration(latency).calibration);
        REQUIRE(kept->time == 1795888959.897715);
        REQUIRE(kept->version == "0.1.0");
    }
    REQUIRE_FALSE(files.load("other"));
}

TEST_CASE("whatever a rig is called, its calibration is a file of the folder") {
    const test::TempDir dir;
    CalibrationFiles files(dir.path() / "calibration");
    for (const char* name : {"../../etc/x", "a/b", "a%2Fb", "", ".", "Über"}) {
        files.save(name, calibration(1.0));
        REQUIRE(files.load(name));
    }
    const std::filesystem::directory_iterator all(dir.path() / "calibration");
    REQUIRE(std::distance(begin(all), end(all)) == 6);
    REQUIRE(std::distance(std::filesystem::directory_iterator(dir.path()),
                          std::filesystem::directory_iterator()) == 1);
}

TEST_CASE("a file that is no calibration is not taken for one") {
    const test::TempDir dir;
    const CalibrationFiles files(dir.path());
    for (const char* text : {"", "{", "[]", R"({"time": "x"})", R"({"time": 1, "version": "1"})"}) {
        runs::write_file(dir.path() / "bench.json", text);
        try {
            static_cast<void>(files.load("bench"));
            FAIL("it was taken for one");
        } catch (const Error& error) {
            REQUIRE(error.code() == Code::data_loss);
            REQUIRE(std::string(error.what()).find("bench.json is no calibration: ") !=
                    std::string::npos);
        }
    }
}
