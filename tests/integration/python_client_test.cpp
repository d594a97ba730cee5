// examples/client.py was written from docs/protocol.md and the .proto files alone: what it gets
// must be what the project's own client gets, bit for bit.

#include "tests/integration/keyed_peers.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/process.hpp"

#include "drivers/core/keys/key_file.hpp"
#include "drivers/core/random.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <bit>
#include <charconv>
#include <sstream>

using namespace phyll;
using nlohmann::json;
using test::Daemon;
using test::Finished;
using test::noisy_lab;

namespace {

const std::string python = "/usr/bin/python3";

/// Says so where the packages are missing that only ./check installs.
bool has_packages() {
    if (std::filesystem::exists(python) &&
        test::run_command({python, "-c", "import zmq, google.protobuf"}).status == 0) {
        return true;
    }
    WARN("skipped: " << python << " has no zmq or no google.protobuf; Debian's packages are "
                     << "python3-zmq and python3-protobuf");
    return false;
}

Finished run_client(const std::string& endpoint, const std::vector<std::string>& arguments) {
    std::vector<std::string> command{python, PHYLL_EXAMPLES_DIR "/client.py", "--endpoint",
                                     endpoint};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return test::run_command(command);
}

std::vector<json> json_lines(const std::string& text) {
    std::vector<json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(json::parse(line));
    }
    return lines;
}

/// Drives of `samples` samples for `channels` inputs, as CSV.
std::string drives(std::size_t channels, std::size_t samples) {
    const KeyedRandom random(5, "drives");
    std::string text;
    for (std::size_t i = 0; i < channels * samples; ++i) {
        text += fmt::format("{}{}", random.uniform(i), (i + 1) % channels == 0 ? '\n' : ',');
    }
    return text;
}

using Bits = std::vector<std::uint32_t>;

/// The float32 in what `phyllctl query` writes: a header, then numbers that round to them.
Bits bits_of_csv(const std::string& text) {
    Bits bits;
    const char* at = text.data() + text.find('\n') + 1;
    const char* const end = text.data() + text.size();
    while (at < end) {
        float value = 0;
        const auto [rest, error] = std::from_chars(at, end, value);
        REQUIRE(error == std::errc());
        bits.push_back(std::bit_cast<std::uint32_t>(value));
        at = rest + 1;
    }
    return bits;
}

/// The float32 in the lines that the client writes after those of the rigs.
Bits bits_of_client(const std::vector<json>& lines, std::size_t rigs) {
    Bits bits;
    for (std::size_t line = rigs; line < lines.size(); ++line) {
        for (const json& sample : lines[line].at("responses")) {
            for (const json& value : sample) {
                const auto single = value.get<float>();
                REQUIRE(static_cast<double>(single) == value.get<double>());
                bits.push_back(std::bit_cast<std::uint32_t>(single));
            }
        }
    }
    return bits;
}

} // namespace

TEST_CASE("the client in Python lists the rigs and gets the bits that phyllctl gets") {
    if (!has_packages()) {
        return;
    }
    Daemon daemon(noisy_lab);
    const std::string endpoint = GENERATE(false, true) ? daemon.tcp() : daemon.ipc();
    const std::string in = daemon.write("in.csv", drives(20, 11)).string();
    const auto ask = [&](const std::string& key, const std::string& block) {
        const Finished finished =
            run_client(endpoint, {"--query", "cavity", "--in", in, "--key", key, "--block", block});
        INFO(finished.err);
        REQUIRE(finished.status == 0);
        return json_lines(finished.out);
    };
    const std::vector<json> lines = ask("18446744073709551615", "4096");

    const std::vector<json> rigs = json_lines(daemon.ctl({"--json", "rigs"}).out);
    REQUIRE(rigs.size() == 2);
    REQUIRE(lines.size() == rigs.size() + 1);
    for (std::size_t i = 0; i < rigs.size(); ++i) {
        for (const std::string key : {"rig", "kind", "inputs", "outputs"}) {
            REQUIRE(lines[i].at(key) == rigs[i].at(key));
        }
    }
    REQUIRE(lines.back().at("key") == 18446744073709551615U);
    REQUIRE(lines.back().at("number") == 0);
    REQUIRE(lines.back().at("age") == 0);
    REQUIRE(lines.back().at("evidence") == "SIMULATION");

    const Finished reference =
        daemon.ctl({"query", "cavity", "--in", in, "--key", "18446744073709551615"});
    REQUIRE(reference.status == 0);
    const Bits expected = bits_of_csv(reference.out);
    REQUIRE(expected.size() == 11 * 20);
    REQUIRE(bits_of_client(lines, 2) == expected);
    // In blocks of 4, 4 and 3 samples, each with the number at which it begins.
    const std::vector<json> cut = ask("18446744073709551615", "4");
    REQUIRE(cut.size() == 2 + 3);
    REQUIRE(cut.back().at("number") == 8);
    REQUIRE(bits_of_client(cut, 2) == expected);
    REQUIRE(bits_of_client(ask("1", "4096"), 2) != expected);
}

TEST_CASE("the client in Python says in one line what is wrong") {
    if (!has_packages()) {
        return;
    }
    Daemon daemon;
    const auto refused = [&](const std::string& endpoint, const std::vector<std::string>& arguments,
                             const std::string& says) {
        const Finished finished = run_client(endpoint, arguments);
        INFO(finished.err);
        REQUIRE(finished.status == 1);
        REQUIRE(finished.err.find("Traceback") == std::string::npos);
        REQUIRE(finished.err.find("client.py: " + says) != std::string::npos);
    };
    const auto ask = [&](const std::string& rig, const std::string& csv) {
        return std::vector<std::string>{"--query", rig, "--in",
                                        daemon.write("in.csv", csv).string()};
    };
    const std::string zeros = ",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n";
    refused("nonsense", {}, "cannot connect to nonsense: ");
    const std::string nobody = "ipc://" + (daemon.folder() / "nobody.sock").string();
    refused(nobody, {}, "no phylld answers at " + nobody);
    refused(daemon.tcp(), {"--proto", daemon.folder().string()}, "Command '['protoc'");
    refused(daemon.tcp(), ask("echo", "0,1\n1\n"), (daemon.folder() / "in.csv").string() + ": ");
    refused(daemon.tcp(), ask("echo", ""), (daemon.folder() / "in.csv").string() + ": ");
    refused(daemon.tcp(), ask("echo", "high\n"), "could not convert string to float: 'high");
    refused(daemon.tcp(), ask("echo", "1e39" + zeros), "float too large");
    refused(daemon.tcp(), ask("ecko", "0" + zeros), "no rig is named 'ecko'; there are: cavity, ");
    refused(daemon.tcp(), ask("echo", "0,1\n"), "stimuli: 2 values per sample, but the rig has 16");
    refused(daemon.tcp(), ask("echo", "1.5" + zeros), "stimuli[0][0]: drive 1.5 on input 'in 0'");
}

TEST_CASE("the Python client shows a key where one is asked for") {
    if (!has_packages()) {
        return;
    }
    Daemon daemon(test::lab_with_keys);
    const test::Keyed known(daemon, "pia", v1::ROLE_VIEWER);
    const auto rigs = [&](const SecretKey& key, const std::string& file) {
        write_key_file(daemon.folder() / file, key);
        return test::run_command({"/usr/bin/env", "PHYLL_SERVER_KEY=" + daemon.server_key(),
                                  "PHYLL_KEY=" + (daemon.folder() / file).string(), python,
                                  PHYLL_EXAMPLES_DIR "/client.py", "--endpoint", daemon.tcp()});
    };
    const Finished listed = rigs(known.key, "pia.key");
    INFO(listed.err);
    REQUIRE(listed.status == 0);
    REQUIRE_THAT(listed.out, Catch::Contains("echo"));
    REQUIRE(rigs(new_secret_key(), "stranger.key").status != 0);
    REQUIRE(run_client(daemon.tcp(), {}).status != 0); // none at all
}
