// A technician's laptop: data files that the daemon lacks come with the run.

#include "drivers/core/readers/sha256.hpp"
#include "tests/integration/json_lines.hpp"
#include "tests/support/await.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <phyll/v1/data.pb.h>
#include <phyll/v1/groups.pb.h>
#include <phyll/v1/runs.pb.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using Catch::Matchers::Contains;
using nlohmann::json;
using namespace phyll;
using test::Answer;
using test::await;
using test::contains;
using test::Daemon;
using test::Finished;
using test::lines_of;
using test::RawPeer;
using test::show;
using test::TempDir;

namespace {

std::string table(int shift = 0) {
    std::string text = "a,b,class\n";
    for (int i = 0; i < 60; ++i) {
        text += std::to_string((i + shift) % 7) + "," + std::to_string((3 * i) % 11) + "," +
                (i % 3 == 0 ? "x" : "y") + "\n";
    }
    return text;
}

std::string run_on(const std::string& file, const std::string& more = "epochs = 3") {
    return "seed = 3\n[data]\nkind = \"csv\"\nfile = \"" + file + "\"\nlabel = \"class\"\n" +
           "[training]\n" + more + "\n[[layers]]\nrig = \"cavity\"\nskip = true\n";
}

/// A run that only somebody ends.
std::string endless_on(const std::string& file) {
    return run_on(file, "schedule = \"simultaneous\"\nepochs = 1000000");
}

/// A folder that the daemon does not look at, and a daemon with another data folder.
struct Bench {
    TempDir laptop;
    TempDir data_dir;
    Daemon daemon{"data_dir = \"" + data_dir.path().string() + "\"\n" + Daemon::small_lab};

    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(laptop.path() / name, std::ios::binary) << text;
        return (laptop.path() / name).string();
    }
    /// What phyllctl says, a JSON object a line.
    std::vector<json> ctl(std::vector<std::string> arguments, int status = 0) const {
        arguments.insert(arguments.begin(), "--json");
        const Finished finished = daemon.ctl(arguments);
        INFO(finished.out << finished.err);
        REQUIRE(finished.status == status);
        return lines_of(finished.out);
    }
    [[nodiscard]] json finished(const std::string& run) const {
        await([&] {
            const std::string state = show(daemon, run)["state"];
            return state == "succeeded" || state == "failed";
        });
        return show(daemon, run);
    }
    [[nodiscard]] std::vector<std::string> uploads() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(daemon.state_dir() / "data")) {
            names.push_back(entry.path().filename().string());
        }
        return names;
    }
};

std::vector<json> uploads_in(std::vector<json> lines) {
    std::erase_if(lines, [](const json& line) { return line["event"] != "upload"; });
    return lines;
}

std::string hash_of(const std::string& text) {
    const Sha256Digest digest = sha256_of(text);
    return {digest.begin(), digest.end()};
}

/// A client that speaks the protocol by hand.
class Uploader {
  public:
    explicit Uploader(const Daemon& daemon) : peer_(daemon.tcp()) {}

    Answer put(const std::string& content, std::uint64_t offset, const std::string& part,
               const std::string& hash = "") {
        v1::PutDataRequest request;
        request.set_sha256(hash.empty() ? hash_of(content) : hash);
        request.set_size(content.size());
        request.set_offset(offset);
        request.set_name("by hand");
        return ask("phyll.v1.Data/Put", request, {part});
    }
    v1::FoundData find(const std::string& content) {
        v1::FindDataRequest request;
        request.add_sha256(hash_of(content));
        request.add_size(content.size());
        const Answer answer = ask("phyll.v1.Data/Find", request, {});
        v1::FindDataReply reply;
        REQUIRE(answer.code() == v1::OK);
        REQUIRE(reply.ParseFromString(answer.rest.at(0)));
        REQUIRE(reply.found_size() == 1);
        return reply.found(0);
    }
    Answer ask(const std::string& method, const google::protobuf::Message& request,
               const std::vector<std::string>& payload) {
        std::vector<std::string> frames{RawPeer::request(method, ++id_).SerializeAsString(),
                                        request.SerializeAsString()};
        frames.insert(frames.end(), payload.begin(), payload.end());
        peer_.send(frames);
        return peer_.receive();
    }

  private:
    RawPeer peer_;
    std::uint64_t id_ = 0;
};

} // namespace

TEST_CASE("a run file's data comes with it from a laptop, and once is enough") {
    const Bench bench;
    static_cast<void>(bench.write("table.csv", table()));
    const std::string run = bench.write("run.toml", run_on("table.csv")); // beside it
    const std::vector<json> checked = bench.ctl({"run", "check", run});
    REQUIRE(uploads_in(checked).size() == 1);
    CHECK(uploads_in(checked)[0]["name"] == "table.csv");
    CHECK(uploads_in(checked)[0]["complete"] == true);
    CHECK(uploads_in(checked)[0]["received"] == table().size());

    const std::vector<json> started = bench.ctl({"run", "start", run, "--watch"});
    CHECK(uploads_in(started).empty());
    const json shown = show(bench.daemon);
    REQUIRE(shown["state"] == "succeeded");
    REQUIRE(shown["files"].size() == 1);
    CHECK(shown["files"][0]["name"] == "table.csv");
    const std::string hash = shown["files"][0]["sha256"];
    CHECK(bench.uploads() == std::vector<std::string>{hash});

    // Under another name nothing is sent either, and what is trained is the same.
    static_cast<void>(bench.write("other.csv", table()));
    const std::string other = bench.write("other.toml", run_on("other.csv"));
    CHECK(uploads_in(bench.ctl({"run", "start", other, "--watch"})).empty());
    CHECK(show(bench.daemon, "2")["weights_sha256"] == shown["weights_sha256"]);

    const std::string list = bench.daemon.ctl({"data", "list"}).out;
    CHECK_THAT(list, Contains("table.csv") && Contains("of runs 1, 2"));
    bench.ctl({"data", "remove", "table.csv"});
    CHECK(bench.uploads().empty());
    // It goes on where it finds its data again, and says so where it does not.
    CHECK_THAT(bench.daemon.ctl({"run", "replay", "1"}).err, Contains("table.csv"));
    bench.ctl({"data", "put", (bench.laptop.path() / "other.csv").string()});
    bench.ctl({"run", "replay", "1", "--watch"});
}

TEST_CASE("what the daemon's data folder has is not sent, and what is local is what is meant") {
    const Bench bench;
    std::ofstream(bench.data_dir.path() / "there.csv") << table();
    const std::string elsewhere = bench.write("run.toml", run_on("there.csv"));
    // Not on this machine: the daemon's own.
    CHECK(uploads_in(bench.ctl({"run", "start", elsewhere, "--watch"})).empty());
    CHECK_FALSE(show(bench.daemon).contains("files"));
    // The same content here: it is known, and stays so.
    static_cast<void>(bench.write("there.csv", table()));
    CHECK(uploads_in(bench.ctl({"run", "start", elsewhere, "--watch"})).empty());
    CHECK(show(bench.daemon, "2")["files"].size() == 1);
    CHECK(show(bench.daemon, "2")["weights_sha256"] == show(bench.daemon)["weights_sha256"]);
    CHECK_FALSE(std::filesystem::exists(bench.daemon.state_dir() / "data"));
    // Another content of the same name.
    static_cast<void>(bench.write("there.csv", table(2)));
    CHECK(uploads_in(bench.ctl({"run", "start", elsewhere, "--watch"})).size() == 1);
    CHECK(show(bench.daemon, "3")["weights_sha256"] != show(bench.daemon)["weights_sha256"]);
    const json diff = bench.ctl({"run", "diff", "2", "3"}).at(0);
    CHECK(diff["differences"][0]["section"] == "data");
    CHECK(diff["differences"][0]["path"] == "there.csv");
}

TEST_CASE("a group's files come with it, those of each member") {
    const Bench bench;
    static_cast<void>(bench.write("one.csv", table()));
    static_cast<void>(bench.write("two.csv", table(2)));
    const std::string run = bench.write("run.toml", run_on("one.csv"));
    const std::vector<json> lines = bench.ctl({"run", "start", run, "--seeds", "1,2", "--sweep",
                                               "data.file=\"one.csv\",\"two.csv\"", "--watch"});
    CHECK(uploads_in(lines).size() == 2);
    for (const char* member : {"1", "2", "3", "4"}) {
        const json shown = show(bench.daemon, member);
        REQUIRE(shown["state"] == "succeeded");
        REQUIRE(shown["files"].size() == 1);
        CHECK(contains(shown["overrides"].dump(), shown["files"][0]["name"]));
    }
    CHECK(bench.uploads().size() == 2);
}

TEST_CASE("an upload that was broken off goes on where it was, after a crash as well") {
    Bench bench;
    std::string content = table();
    while (content.size() < 3'000'000) {
        content += table().substr(10);
    }
    {
        Uploader broken(bench.daemon); // and gone in the middle of the file
        REQUIRE(broken.put(content, 0, content.substr(0, 1'500'000)).code() == v1::OK);
    }
    bench.daemon.kill();
    bench.daemon.start();
    Uploader other(bench.daemon);
    CHECK(other.find(content).received() == 1'500'000);
    const Answer wrong = other.put(content, 1'000'000, "x");
    CHECK(wrong.code() == v1::OUT_OF_RANGE);
    CHECK_THAT(wrong.message(), Contains("1500000 bytes have come"));
    const std::string file = bench.write("big.csv", content);
    const std::vector<json> lines = bench.ctl({"data", "put", file});
    for (const json& line : uploads_in(lines)) {
        CHECK(line["received"] > 1'500'000);
    }
    CHECK(lines.back()["event"] == "there");
    CHECK(other.find(content).complete());
    CHECK(bench.uploads().size() == 1);
}

TEST_CASE("what does not fit its hash is refused and not kept") {
    const Bench bench;
    Uploader client(bench.daemon);
    REQUIRE(client.put("hello", 0, "hel").code() == v1::OK);
    CHECK(client.put("hello", 3, "l0").code() == v1::DATA_LOSS);
    CHECK(client.find("hello").received() == 0);
    CHECK(bench.uploads().empty());
    CHECK(client.put("hello", 0, "hello", "too short").code() == v1::INVALID_ARGUMENT);
    CHECK(client.put("hello", 0, "hello!").code() == v1::INVALID_ARGUMENT);
    v1::PutDataRequest request;
    request.set_sha256(hash_of("hello"));
    CHECK(client.ask("phyll.v1.Data/Put", request, {}).code() == v1::INVALID_ARGUMENT);
    CHECK(client.ask("phyll.v1.Data/Put", request, {"a", "b"}).code() == v1::INVALID_ARGUMENT);
}

TEST_CASE("a run goes on with what was uploaded after the daemon was killed") {
    Bench bench;
    static_cast<void>(bench.write("table.csv", table()));
    const std::string run = bench.write("run.toml", endless_on("table.csv"));
    bench.ctl({"run", "start", run});
    await([&] { return show(bench.daemon)["state"] == "running"; });
    std::filesystem::remove(bench.laptop.path() / "table.csv");
    bench.daemon.kill();
    bench.daemon.start();
    await([&] { return show(bench.daemon)["state"] == "running"; });
    const Finished refused = bench.daemon.ctl({"data", "remove", "table.csv"});
    CHECK(refused.status == 6);
    CHECK_THAT(refused.err, Contains("run 1 reads it"));
    bench.ctl({"run", "cancel", "1"});
    CHECK_THAT(show(bench.daemon)["reason"].get<std::string>(), Contains("cancelled"));
    CHECK(bench.daemon.ctl({"data", "remove", "table.csv"}).status == 0);
}

TEST_CASE("a bundle has what was uploaded, and is verified without it") {
    Bench bench;
    static_cast<void>(bench.write("table.csv", table()));
    bench.ctl({"run", "start", bench.write("run.toml", run_on("table.csv")), "--watch"});
    const std::string bundle = (bench.laptop.path() / "run.zip").string();
    bench.ctl({"run", "bundle", "1", "-o", bundle});
    bench.daemon.stop();
    std::filesystem::remove_all(bench.daemon.state_dir() / "data");
    std::filesystem::remove(bench.laptop.path() / "table.csv");
    CHECK(bench.ctl({"verify", bundle}).back()["same"] == true);
}

TEST_CASE("uploads go on while a large file is looked into, and the daemon ends all the same") {
    Bench bench;
    const std::uint64_t size = std::uint64_t{1} << 40U; // hours, if it were read
    std::ofstream(bench.data_dir.path() / "large.bin").flush();
    std::filesystem::resize_file(bench.data_dir.path() / "large.bin", size);
    RawPeer looking(bench.daemon.tcp());
    v1::FindDataRequest request;
    request.add_sha256(hash_of("elsewhere"));
    request.add_size(size);
    looking.send({RawPeer::request("phyll.v1.Data/Find", 1).SerializeAsString(),
                  request.SerializeAsString()});
    looking.expect_service(); // it has been heard
    Uploader client(bench.daemon);
    CHECK(client.put(table(), 0, table()).code() == v1::OK);
    CHECK(bench.daemon.stop() == 0);
}

TEST_CASE("a submission that is repeated with its files starts nothing twice") {
    const Bench bench;
    Uploader client(bench.daemon);
    REQUIRE(client.put(table(), 0, table()).code() == v1::OK);
    v1::SubmitRequest request;
    request.mutable_file()->set_name("run.toml");
    request.mutable_file()->set_text(run_on("table.csv"));
    request.set_idempotency_key("once");
    v1::NamedFile& file = *request.add_files();
    file.set_name("table.csv");
    file.set_sha256(hash_of(table()));
    v1::SubmitReply first;
    v1::SubmitReply second;
    REQUIRE(first.ParseFromString(client.ask("phyll.v1.Runs/Submit", request, {}).rest.at(0)));
    REQUIRE(second.ParseFromString(client.ask("phyll.v1.Runs/Submit", request, {}).rest.at(0)));
    CHECK(first.run() == second.run());
    CHECK(bench.finished("1")["state"] == "succeeded");

    v1::SubmitGroupRequest group;
    *group.mutable_file() = request.file();
    *group.mutable_files() = request.files();
    group.set_idempotency_key("once too");
    group.add_members()->set_seed(1);
    group.add_members()->set_seed(2);
    v1::SubmitGroupReply one;
    v1::SubmitGroupReply same;
    REQUIRE(one.ParseFromString(client.ask("phyll.v1.Groups/Submit", group, {}).rest.at(0)));
    REQUIRE(same.ParseFromString(client.ask("phyll.v1.Groups/Submit", group, {}).rest.at(0)));
    CHECK(one.group() == same.group());
    // The run, the group and its two members.
    CHECK(lines_of(bench.daemon.ctl({"--json", "run", "list", "--members"}).out).size() == 4);

    request.clear_idempotency_key();
    request.mutable_files(0)->set_name("tabel.csv");
    const Answer misspelt = client.ask("phyll.v1.Runs/Submit", request, {});
    CHECK(misspelt.code() == v1::INVALID_ARGUMENT);
    CHECK_THAT(misspelt.message(), Contains("files[0].name: 'tabel.csv'"));
}
