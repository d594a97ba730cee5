// From a new laptop to a watched run, by the very commands of docs/security.md, on a daemon at an
// address that other machines reach.

#include "json_lines.hpp"
#include "keyed_peers.hpp"
#include "run_files.hpp"

#include <catch2/catch.hpp>

#include <ifaddrs.h>
#include <net/if.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace phyll;
using Catch::Matchers::Contains;
using test::Daemon;
using test::Finished;

namespace {

/// An IPv4 address of this machine in a network; where it has none, another one of loopback.
std::string address_in_network() {
    ifaddrs* found = nullptr;
    REQUIRE(::getifaddrs(&found) == 0);
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(found, ::freeifaddrs);
    for (const ifaddrs* one = list.get(); one != nullptr; one = one->ifa_next) {
        const bool fits = one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
                          (one->ifa_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP;
        if (fits) {
            std::string text(INET_ADDRSTRLEN, '\0');
            const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
            ::inet_ntop(AF_INET, &address->sin_addr, text.data(),
                        static_cast<socklen_t>(text.size()));
            return text.c_str();
        }
    }
    return "127.0.0.2";
}

/// The commands of the section of docs/security.md, word by word.
std::vector<std::vector<std::string>> documented_commands() {
    std::ifstream file(PHYLL_DOCS_DIR "/security.md");
    std::string line;
    while (std::getline(file, line) && line != "## From a new laptop to a watched run") {
    }
    while (std::getline(file, line) && line != "```sh") {
    }
    std::vector<std::vector<std::string>> commands;
    while (std::getline(file, line) && line != "```") {
        std::istringstream words(line.substr(0, line.find('#')));
        std::vector<std::string>& command = commands.emplace_back();
        for (std::string word; words >> word;) {
            command.push_back(word);
        }
    }
    return commands;
}

/// Somebody at a machine of their own.
class Person {
  public:
    explicit Person(std::string variable) : variable_(std::move(variable)) {}

    /// With what the document leaves open filled in.
    Finished type(std::vector<std::string> command,
                  const std::vector<std::pair<std::string, std::string>>& meant) const {
        REQUIRE(command.at(0) == "phyllctl");
        command[0] = PHYLL_BIN_DIR "/phyllctl";
        for (std::string& word : command) {
            for (const auto& [name, value] : meant) {
                if (word == name) {
                    word = value;
                }
            }
        }
        std::vector<std::string> whole{"/usr/bin/env",
                                       "-u",
                                       "PHYLL_ENDPOINT",
                                       "-u",
                                       "PHYLL_LAB",
                                       "-u",
                                       "PHYLL_SERVER_KEY",
                                       "-u",
                                       "PHYLL_KEY",
                                       "-u",
                                       "PHYLL_LEASE",
                                       "HOME=" + home_.path().string(),
                                       "XDG_CONFIG_HOME=" + (home_.path() / "config").string(),
                                       variable_};
        whole.insert(whole.end(), command.begin(), command.end());
        const Finished finished = test::run_command(whole);
        INFO(finished.out << finished.err);
        REQUIRE(finished.status == 0);
        return finished;
    }
    [[nodiscard]] std::filesystem::path home() const { return home_.path(); }

  private:
    test::TempDir home_;
    const std::string variable_;
};

} // namespace

TEST_CASE("a laptop watches a run after the commands that the document says") {
    Daemon daemon("listen = \"tcp://0.0.0.0:0\"\n" + test::lab_with_keys);
    const std::string port = daemon.tcp().substr(daemon.tcp().rfind(':'));
    const std::string endpoint = "tcp://" + address_in_network() + port;
    const std::string run_file = daemon.write("vowels.toml", test::short_run).string();
    const auto commands = documented_commands();
    REQUIRE(commands.size() == 4);

    const Person laptop("NOTHING=");
    const Person admin("PHYLL_ENDPOINT=" + daemon.ipc());
    const std::string made = laptop.type(commands[0], {}).out;
    const std::string public_key = made.substr(0, made.find('\n'));
    REQUIRE(PublicKey::parse(public_key));
    const std::string next = admin.type(commands[1], {{"PUBLIC", public_key}}).out;
    REQUIRE_THAT(next, Contains("--server-key " + daemon.server_key()));
    laptop.type(commands[2], {{"tcp://lab.example:5570", endpoint}, {"KEY", daemon.server_key()}});
    const std::string watched = laptop.type(commands[3], {{"vowels.toml", run_file}}).out;
    REQUIRE_THAT(watched, Contains("succeeded"));
    REQUIRE(test::show(daemon)["state"] == "succeeded");
    // And it is known who did it.
    const auto trail = daemon.ctl({"--json", "audit", "--who", "anna"});
    REQUIRE(test::lines_of(trail.out).at(0)["method"] == "phyll.v1.Runs/Submit");
}
