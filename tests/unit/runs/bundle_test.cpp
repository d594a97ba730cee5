#include "daemon/runs/data_files.hpp"
#include "daemon/runs/export/bundle.hpp"
#include "daemon/runs/export/bundle_writer.hpp"
#include "daemon/training/data/zip_writer.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace phyll;
using namespace phyll::runs;
using Catch::Contains;
using test::TempDir;

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

std::string content_of(const ByteSource& bytes) {
    std::string text(bytes.size(), '\0');
    bytes.read(0, std::as_writable_bytes(std::span(text)));
    return text;
}

/// A run that is over, with all that it left.
RunRecord finished_run(const std::filesystem::path& folder) {
    RunRecord run;
    run.info.set_run(12);
    run.info.set_state(v1::SUCCEEDED);
    run.info.set_finished(1.7e9);
    run.info.set_folder((folder / "12").string());
    run.info.mutable_result()->set_weights_sha256("abcd");
    run.info.mutable_result()->set_test_accuracy(0.75);
    run.info.mutable_conditions()->set_version("0.1.0");
    run.info.mutable_conditions()->set_kernel_level("x86-64-v3");
    run.spec.set_seed(7);
    run.spec.mutable_data()->set_kind("idx");
    run.spec.mutable_data()->set_file("images");
    run.spec.mutable_data()->set_label_file("more/labels");
    run.spec.mutable_data()->set_test_file("images");
    write(folder / "12" / "run.toml", "seed = 7\n");
    write(folder / "12" / "result.h5", "the network");
    write(folder / "12" / "journal", std::string(200'000, 'j'));
    write(folder / "data" / "images", "pictures");
    write(folder / "data" / "more" / "labels", "words");
    return run;
}

std::string bundle_of(const RunRecord& run, const std::filesystem::path& folder) {
    return content_of(*make_bundle(run, read_below((folder / "data").string()), {}));
}

Bundle open(const std::string& content) {
    return {DataFile(content), "run-12.zip"};
}

/// What opening says; empty when it says nothing.
std::string refusal(const std::string& content, Code code = Code::data_loss) {
    try {
        static_cast<void>(open(content));
    } catch (const Error& error) {
        REQUIRE(error.code() == code);
        return error.what();
    }
    return "";
}

std::string archive(const std::vector<std::pair<std::string, std::string>>& files) {
    std::vector<training::ZipEntry> entries;
    for (const auto& [name, text] : files) {
        entries.push_back({.name = name, .content = DataFile(text).bytes()});
    }
    MemoryBytes bytes;
    training::write_zip(bytes, entries, 1'700'000'000, {});
    return content_of(bytes);
}

std::string manifest_of(const std::string& files, const std::string& format = "phyll bundle 1") {
    return R"({"format": ")" + format +
           R"(", "run": 1, "phylld": "", "kernel_level": "", "cpu_model": "", )"
           R"("weights_sha256": "", "files": [)" +
           files + "]}";
}

/// Of the file "a" that holds "1".
constexpr const char* one_file =
    R"({"name": "a", "what": "", "size": 1,
        "sha256": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"})";

} // namespace

TEST_CASE("a bundle has all that a run left, and says what it is") {
    const TempDir dir;
    const RunRecord run = finished_run(dir.path());
    const std::string content = bundle_of(run, dir.path());
    REQUIRE(content.substr(0, 4) == "PK\3\4");
    REQUIRE(content.find("manifest.json") == 30); // first in the archive
    const Bundle bundle = open(content);
    REQUIRE(bundle.manifest().run == 12);
    REQUIRE(bundle.manifest().version == "0.1.0");
    REQUIRE(bundle.manifest().kernel_level == "x86-64-v3");
    REQUIRE(bundle.manifest().weights_sha256 == "abcd");
    std::vector<std::string> names;
    for (const BundledFile& file : bundle.manifest().files) {
        names.push_back(file.name);
    }
    REQUIRE(names == std::vector<std::string>{"run.toml", "spec.json", "conditions.json",
                                              "result.json", "result.h5", "journal",
                                              "data/1/images", "data/2/labels"});
    REQUIRE(bundle.manifest().files[7].path == "more/labels");
    REQUIRE(bundle.manifest().files[5].size == 200'000);
    REQUIRE(bundle.text("run.toml") == "seed = 7\n");
    REQUIRE(bundle.text("data/2/labels") == "words");
    REQUIRE(bundle.spec().seed() == 7);
    REQUIRE(bundle.spec().data().label_file() == "more/labels");
    REQUIRE(bundle.conditions().kernel_level() == "x86-64-v3");
    REQUIRE(bundle.result().test_accuracy() == 0.75);
    bundle.extract("journal", dir.path() / "out");
    REQUIRE(std::filesystem::file_size(dir.path() / "out") == 200'000);
    REQUIRE_THROWS_WITH(bundle.text("weights"), "run-12.zip has no 'weights'");
    REQUIRE_THROWS_WITH(bundle.extract("journal", dir.path() / "no" / "out"),
                        Contains("no/out cannot be written"));
    REQUIRE(bundle_of(run, dir.path()) == content); // to the byte
}

TEST_CASE("a bundle is made of a run that is over, and of data that are there") {
    const TempDir dir;
    RunRecord run = finished_run(dir.path());
    run.info.set_state(v1::RUNNING);
    REQUIRE_THROWS_WITH(bundle_of(run, dir.path()),
                        "run 12 is running; a bundle is made of a run that is over");
    run.info.set_state(v1::FAILED);
    run.info.clear_result();
    std::filesystem::remove(dir.path() / "12" / "result.h5");
    std::filesystem::remove(dir.path() / "12" / "journal");
    const std::string content = bundle_of(run, dir.path());
    const Bundle bundle = open(content);
    REQUIRE_FALSE(bundle.has("result.json"));
    REQUIRE_FALSE(bundle.has("journal"));
    REQUIRE(bundle.manifest().weights_sha256.empty());
    std::filesystem::remove(dir.path() / "data" / "images");
    REQUIRE_THROWS_WITH(bundle_of(run, dir.path()), Contains("data/images"));

    std::stop_source stop;
    stop.request_stop();
    const std::vector<training::ZipEntry> entries{{.name = "a", .content = DataFile("1").bytes()}};
    MemoryBytes bytes;
    REQUIRE_THROWS_WITH(training::write_zip(bytes, entries, 0, stop.get_token()),
                        Contains("was stopped"));
}

TEST_CASE("damage anywhere in a bundle is named, or touches nothing that is in it") {
    const TempDir dir;
    RunRecord run = finished_run(dir.path());
    write(dir.path() / "12" / "journal", "what was measured");
    const std::string whole = bundle_of(run, dir.path());
    const BundleManifest manifest = open(whole).manifest();
    int refused = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        CAPTURE(at);
        std::string content = whole;
        content[at] = static_cast<char>(content[at] ^ 1);
        try {
            const Bundle bundle = open(content);
            REQUIRE(bundle.manifest() == manifest);
            REQUIRE(bundle.text("journal") == "what was measured");
        } catch (const Error& error) {
            ++refused;
            REQUIRE_THAT(error.what(), Contains("run-12.zip"));
        }
    }
    REQUIRE(refused > static_cast<int>(whole.size() / 2));
    for (std::size_t size = 0; size < whole.size(); size += 7) {
        REQUIRE_THROWS_AS(open(whole.substr(0, size)), Error);
    }
}

TEST_CASE("what a manifest says otherwise is refused by name") {
    const auto bundle = [](const std::string& files,
                           std::vector<std::pair<std::string, std::string>> content) {
        content.insert(content.begin(), {"manifest.json", manifest_of(files)});
        return archive(content);
    };
    REQUIRE(refusal(bundle(one_file, {{"a", "1"}})).empty());
    REQUIRE_THAT(refusal(bundle(one_file, {{"a", "2"}})),
                 Contains("run-12.zip (a): its SHA-256 is d4735e3a265e16ee"));
    REQUIRE_THAT(refusal(bundle(one_file, {{"a", "11"}})),
                 Contains("run-12.zip (a): it has 2 bytes, the manifest says 1"));
    REQUIRE_THAT(refusal(bundle(one_file, {})), Contains("run-12.zip (a): it is missing"));
    REQUIRE_THAT(refusal(bundle(one_file, {{"a", "1"}, {"b", "1"}})),
                 Contains("run-12.zip (b): the manifest does not name it"));
    REQUIRE_THAT(refusal(archive({{"a", "1"}})),
                 Contains("run-12.zip (manifest.json): it is missing"));
    REQUIRE_THAT(refusal(archive({{"manifest.json", "{"}})),
                 Contains("run-12.zip (manifest.json): it cannot be read"));
    REQUIRE_THAT(refusal(archive({{"manifest.json", manifest_of("", "phyll bundle 2")}}),
                         Code::failed_precondition),
                 Contains("run-12.zip is a 'phyll bundle 2'"));
    REQUIRE_THAT(refusal(archive({{"manifest.json", manifest_of("", "zoo")}})),
                 Contains("its format is 'zoo'"));
    for (const char* name : {"../a", "/etc/passwd", "", "a/../../b", "a//b"}) {
        const std::string file =
            std::string(R"({"name": ")") + name + R"(", "what": "", "size": 0, "sha256": ""})";
        REQUIRE_THAT(refusal(archive({{"manifest.json", manifest_of(file)}})),
                     Contains("is no name in a bundle"));
    }
    for (const std::string size : {"1e300", "-1", "0.5", "true", "\"1\""}) {
        const std::string file = R"({"name": "a", "what": "", "sha256": "", "size": )" + size + "}";
        REQUIRE_THAT(refusal(archive({{"manifest.json", manifest_of(file)}})),
                     Contains("run-12.zip (manifest.json)") && Contains("which is no count"));
    }
    REQUIRE_THAT(refusal("1,2,3\n", Code::invalid_argument), Contains("run-12.zip"));
}
