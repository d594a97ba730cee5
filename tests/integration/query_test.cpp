#include "tests/support/await.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"

#include "clients/cpp/client.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <phyll/v1/lab.pb.h>
#include <phyll/v1/rigs.pb.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>

using namespace phyll;
using nlohmann::json;
using test::await;
using test::Daemon;
using test::Finished;
using test::Process;

namespace {

const std::string hanging_lab = R"(
[[rigs]]
name = "box"
kind = "echo"
[rigs.simulation]
faults = [{ kind = "hang", at_query = 0 }]
)";

v1::QueryRequest request_for(const std::string& rig, std::size_t channels, std::size_t samples) {
    v1::QueryRequest request;
    request.set_rig(rig);
    request.mutable_stimuli()->set_channels(static_cast<std::uint32_t>(channels));
    request.mutable_stimuli()->set_samples(static_cast<std::uint32_t>(samples));
    return request;
}

OwnedBlock stimuli(std::size_t channels, std::size_t samples) {
    const KeyedRandom random(1, "stimuli");
    OwnedBlock block(channels, samples);
    for (std::size_t i = 0; i < block.view().size(); ++i) {
        block.view().values()[i] = static_cast<float>(random.uniform(i));
    }
    return block;
}

v1::RigInfo rig_info(Client& client, const std::string& name) {
    v1::RigRequest request;
    request.set_rig(name);
    return client.call<v1::RigReply>("phyll.v1.Rigs/Get", request).rig();
}

} // namespace

TEST_CASE("a query gives what the rig measures, in any block size, and ages it") {
    Daemon daemon;
    Client client(daemon.tcp());
    const OwnedBlock x = stimuli(20, 40);
    v1::QueryRequest request = request_for("cavity", 20, 40);
    request.set_key(9);
    OwnedBlock y;
    const auto reply =
        client.call<v1::QueryReply>("phyll.v1.Rigs/Query", request, x.view(), y, std::nullopt);
    REQUIRE(reply.key() == 9);
    REQUIRE(reply.age() == 0);
    REQUIRE(reply.evidence() == v1::SIMULATION);
    REQUIRE(y.channels() == 20);
    REQUIRE(y.samples() == 40);

    request.mutable_stimuli()->set_samples(1);
    request.set_number(17);
    OwnedBlock one;
    const auto second = client.call<v1::QueryReply>("phyll.v1.Rigs/Query", request,
                                                    x.view().slice(17, 1), one, std::nullopt);
    REQUIRE(second.age() == 40);
    REQUIRE(std::equal(one.sample(0).begin(), one.sample(0).end(), y.sample(17).begin()));
    await([&] { return rig_info(client, "cavity").safe(); });
    REQUIRE(rig_info(client, "cavity").holder().empty());
}

TEST_CASE("phyllctl query goes from CSV to CSV") {
    Daemon daemon;
    const auto in = daemon.write("in.csv", "in 0,in 1,in 2,in 3 [1],in 4,in 5,in 6,in 7,in 8,"
                                           "in 9,in 10,in 11,in 12,in 13,in 14,in 15\r\n"
                                           "0,0.25,0.5,1,0,0,0,0,0,0,0,0,0,0,0,0.1\r\n"
                                           "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\r\n");
    const auto out = daemon.folder() / "out.csv";
    const Finished finished = daemon.ctl(
        {"--json", "query", "echo", "--in", in.string(), "--out", out.string(), "--key", "5"});
    REQUIRE(finished.status == 0);
    REQUIRE(nlohmann::json::parse(finished.out)["key"] == 5);
    std::ifstream file(out);
    std::string header;
    std::string first;
    std::getline(file, header);
    std::getline(file, first);
    REQUIRE(std::count(header.begin(), header.end(), ',') == 15);
    REQUIRE(first == "0,0.25,0.5,1,0,0,0,0,0,0,0,0,0,0,0,0.1");
}

TEST_CASE("physical values and drives ask the same of a rig, columns in any order") {
    Daemon daemon;
    const json rig = json::parse(daemon.ctl({"--json", "rigs", "cavity"}).out);
    REQUIRE(rig["input_channels"].size() == 20);
    REQUIRE(rig["output_channels"].size() == 20);
    // Half of each tone's range, the last tone first.
    std::string names;
    std::string values;
    std::string halves;
    for (int k = 19; k >= 0; --k) {
        const json& channel = rig["input_channels"][static_cast<std::size_t>(k)];
        REQUIRE(channel["unit"] == "m^3/s");
        names += channel["name"].get<std::string>() + " [m^3/s]" + (k > 0 ? "," : "\n");
        values += json(channel["at_one"].get<double>() / 2).dump() + (k > 0 ? "," : "\n");
        halves += k > 0 ? "0.5," : "0.5\n";
    }
    const auto ask = [&](const std::string& csv, const std::string& units) {
        return daemon.ctl({"query", "cavity", "--in", daemon.write("in.csv", csv).string(), "--key",
                           "1", "--units", units});
    };
    const Finished drive = ask(halves, "drive");
    REQUIRE(drive.status == 0);
    REQUIRE(drive.out.starts_with("300 Hz at microphone 1 [Pa],"));
    REQUIRE(ask(names + values, "physical").out == drive.out);
    const Finished beyond = ask(names + "1," + values.substr(values.find(',') + 1), "physical");
    REQUIRE(beyond.status == 2);
    REQUIRE(beyond.err.find("sample 0, channel 19 'tone 2960 Hz': 1 m^3/s; valid is 0 to ") !=
            std::string::npos);
    const Finished unknown = ask("tone 1 Hz" + names.substr(names.find(',')) + values, "physical");
    REQUIRE(unknown.status == 2);
    REQUIRE(unknown.err.find("'tone 1 Hz' is unknown, 'tone 2960 Hz' is missing; valid are "
                             "'tone 300 Hz [m^3/s]'") != std::string::npos);
    REQUIRE(ask(halves, "volts").status == 2);
    REQUIRE(daemon.ctl({"rigs", "cavity"}).out.find("AT DRIVE 1") != std::string::npos);
    REQUIRE(daemon.ctl({"rigs", "cavty"}).status == 3);
}

TEST_CASE("bad stimuli are refused by sample, channel and value, and the rig stays safe") {
    Daemon daemon;
    const auto ask = [&](const std::string& csv, const std::string& rig = "echo") {
        return daemon.ctl({"query", rig, "--in", daemon.write("in.csv", csv).string()});
    };
    const std::string good = "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n";
    const Finished columns = ask("0,1,0.5\n");
    REQUIRE(columns.status == 2);
    REQUIRE(columns.err.find("3 values per sample, but the rig has 16 inputs") !=
            std::string::npos);
    const Finished range = ask(good + "0,0,0,0,0,0,0,1.5,0,0,0,0,0,0,0,0\n");
    REQUIRE(range.status == 2);
    REQUIRE(range.err.find("sample 1, channel 7") != std::string::npos);
    REQUIRE(ask("nan,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n").status == 2);
    REQUIRE(ask("0,x\n0,1\n").status == 2);
    REQUIRE(ask("").status == 2);
    const Finished rig = ask(good, "ecko");
    REQUIRE(rig.status == 3);
    REQUIRE(rig.err.find("cavity, echo") != std::string::npos);
    Client client(daemon.tcp());
    REQUIRE(rig_info(client, "echo").age() == 0);
    REQUIRE(ask(good).status == 0);
    REQUIRE(rig_info(client, "echo").age() == 1);
}

TEST_CASE("a rig that drifts is another one when it is asked again, with the same key too") {
    Daemon daemon("[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n"
                  "simulation = { drift_samples = 256 }\n");
    Client client(daemon.tcp());
    const OwnedBlock x = stimuli(20, 8);
    v1::QueryRequest request = request_for("cavity", 20, 8);
    request.set_key(9);
    request.set_wait(true);
    OwnedBlock young;
    OwnedBlock old;
    REQUIRE(
        client.call<v1::QueryReply>("phyll.v1.Rigs/Query", request, x.view(), young, std::nullopt)
            .age() == 0);
    REQUIRE(client.call<v1::QueryReply>("phyll.v1.Rigs/Query", request, x.view(), old, std::nullopt)
                .age() == 8);
    REQUIRE_FALSE(std::ranges::equal(young.view().values(), old.view().values()));
}

TEST_CASE("a block that no frame holds is refused before it is sent") {
    Daemon daemon;
    Client client(daemon.tcp());
    const float nothing = 0; // refused by its size, so nothing behind it is looked at
    const std::size_t samples = (std::size_t{256} << 20U) / sizeof(float) / 16 + 1;
    OwnedBlock y;
    REQUIRE_THROWS_WITH(
        client.call<v1::QueryReply>("phyll.v1.Rigs/Query", request_for("echo", 16, samples),
                                    ConstBlock(&nothing, 16, samples), y, std::nullopt),
        "stimuli: 4194305 samples of 16 float32 are more than the 256 MiB that fit "
        "in a frame; send them in several requests");
    REQUIRE(rig_info(client, "echo").age() == 0); // and the connection still stands
}

TEST_CASE("a query that hangs ends by its deadline, by the client's cancel, and with the daemon") {
    Daemon daemon(hanging_lab);
    const auto in = daemon.write("in.csv", "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n");
    Client client(daemon.tcp());
    SECTION("deadline") {
        const Finished finished =
            daemon.ctl({"query", "box", "--in", in.string(), "--timeout", "0.05"});
        REQUIRE(finished.status == 7);
        await([&] { return rig_info(client, "box").safe(); });
        REQUIRE(daemon.ctl({"query", "box", "--in", in.string()}).status == 0);
    }
    SECTION("cancel") {
        Process query(daemon.ctl_command({"query", "box", "--in", in.string()}),
                      daemon.folder() / "query.log");
        await([&] { return !rig_info(client, "box").holder().empty(); });
        await([&] { return !rig_info(client, "box").safe(); });
        query.signal(SIGINT);
        REQUIRE(query.wait() == 7);
        await([&] { return rig_info(client, "box").safe(); });
        await([&] { return rig_info(client, "box").holder().empty(); });
    }
    SECTION("deadline of a client that is gone") {
        v1::Header header = test::RawPeer::request("phyll.v1.Rigs/Query", 1);
        header.set_timeout_ms(200);
        {
            test::RawPeer peer(daemon.ipc());
            peer.send({header.SerializeAsString(), request_for("box", 16, 5).SerializeAsString(),
                       std::string(16 * 5 * sizeof(float), '\0')});
            await([&] { return rig_info(client, "box").age() > 0; });
        }
        await([&] { return rig_info(client, "box").holder().empty(); });
        await([&] { return rig_info(client, "box").safe(); });
        // The whole block counts, although it was aborted.
        REQUIRE(rig_info(client, "box").age() == 5);
    }
    SECTION("the rig is refused to others meanwhile, unless they wait") {
        Process query(daemon.ctl_command({"query", "box", "--in", in.string()}),
                      daemon.folder() / "query.log");
        await([&] { return !rig_info(client, "box").holder().empty(); });
        const Finished refused = daemon.ctl({"query", "box", "--in", in.string()});
        REQUIRE(refused.status == 6);
        REQUIRE(refused.err.find("held by a query by a local operator at 127.0.0.1") !=
                std::string::npos);
        Process patient(daemon.ctl_command({"query", "box", "--in", in.string(), "--wait"}),
                        daemon.folder() / "patient.log");
        query.signal(SIGINT);
        REQUIRE(query.wait() == 7);
        REQUIRE(patient.wait() == 0);
    }
    SECTION("daemon") {
        Process query(daemon.ctl_command({"query", "box", "--in", in.string()}),
                      daemon.folder() / "query.log");
        await([&] { return !rig_info(client, "box").holder().empty(); });
        REQUIRE(daemon.stop() == 0);
        REQUIRE(query.wait() == 4);
    }
}
