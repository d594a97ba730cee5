#include "clients/cli/labs.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

using namespace phyll;
using Catch::Contains;
using cli::add_lab;
using cli::find_lab;
using cli::Lab;
using cli::read_labs;

namespace {

const std::string some_key(64, 'a');

/// A file of labs in a folder of its own.
struct Profiles {
    explicit Profiles(const std::string& text = "") {
        if (!text.empty()) {
            std::ofstream(file) << text;
        }
    }
    [[nodiscard]] std::string text() const {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    TemporaryFolder folder{"phyll-labs"};
    std::filesystem::path file = folder.path() / "profiles.toml";
};

std::string bench_with(const std::string& more) {
    return "[labs.bench]\nendpoint = \"tcp://10.0.0.7:5570\"\nserver_key = \"" + some_key + "\"\n" +
           more;
}

Lab scan() {
    return {.name = "scan",
            .endpoint = "tcp://scan:5570",
            .server_key = PublicKey::read("key", std::string(64, 'b')),
            .key = {}};
}

Error refusal(const std::string& text) {
    const Profiles profiles(text);
    try {
        static_cast<void>(read_labs(profiles.file));
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::invalid_argument);
        return error;
    }
    FAIL("it was read");
    return {Code::ok, ""};
}

} // namespace

TEST_CASE("labs have an endpoint, the key of its phylld, and a key file beside them") {
    const Profiles profiles(bench_with("") + "[labs.\"old cavity\"]\nendpoint = 'tcp://old:1'\n" +
                            "server_key = '" + std::string(64, 'B') + "'\nkey = 'old/a.key'\n");
    const std::vector<Lab> labs = read_labs(profiles.file);
    REQUIRE(labs.size() == 2);
    REQUIRE(labs[0].name == "bench");
    REQUIRE(labs[0].endpoint == "tcp://10.0.0.7:5570");
    REQUIRE(labs[0].server_key.text() == some_key);
    REQUIRE(labs[0].key == profiles.folder.path() / "client.key");
    REQUIRE(labs[1].key == profiles.folder.path() / "old/a.key");
    REQUIRE(find_lab(profiles.file, "old cavity").server_key.text() == std::string(64, 'b'));
    const Profiles elsewhere(bench_with("key = '/media/stick/me.key'\n"));
    REQUIRE(read_labs(elsewhere.file).at(0).key == "/media/stick/me.key");
}

TEST_CASE(
    "where there is no file there are no labs, and one that is not there is told with the others") {
    const Profiles none;
    REQUIRE(read_labs(none.file).empty());
    REQUIRE_THROWS_WITH(find_lab(none.file, "bench"),
                        Contains("no lab 'bench'") && Contains("phyllctl lab add"));
    const Profiles profiles(bench_with("") + "[labs.a]\nendpoint = 'tcp://a:1'\nserver_key = '" +
                            some_key + "'\n");
    try {
        static_cast<void>(find_lab(profiles.file, "scan"));
        FAIL("it is not there");
    } catch (const Error& error) {
        REQUIRE(error.code() == Code::not_found);
        REQUIRE_THAT(error.what(), Contains("there are 'a', 'bench'"));
    }
}

TEST_CASE("what is wrong with a file of labs is said with its line, all at once") {
    const Error error = refusal("[labs.bench]\nendpont = 'tcp://a:1'\nserver_key = 'abc'\n"
                                "[labs.two]\nendpoint = 'nowhere'\nserver_key = 3\nkey = ''\n"
                                "[lab.three]\n");
    for (const char* said :
         {"profiles.toml:2: labs.bench.endpont: unknown key; valid are endpoint, server_key, key",
          "profiles.toml:1: labs.bench.endpoint: missing",
          "profiles.toml:3: labs.bench.server_key: 'abc'; valid are 64 hexadecimal digits",
          "profiles.toml:5: labs.two.endpoint: 'nowhere'; valid is ipc://PATH or tcp://HOST:PORT",
          "profiles.toml:6: labs.two.server_key: is no text",
          "profiles.toml:7: labs.two.key: empty",
          "profiles.toml:8: lab: unknown key; valid are tables like [labs.bench]"}) {
        REQUIRE_THAT(error.what(), Contains(said));
    }
    REQUIRE(error.violations().size() == 7);
    REQUIRE(error.violations()[0].field == "lab");
    REQUIRE_THAT(refusal("[labs.bench\n").what(), Contains("profiles.toml:1:"));
    REQUIRE_THAT(refusal("labs = 3\n").what(), Contains("labs: is no table"));
    REQUIRE_THAT(refusal("[labs]\nbench = 'tcp://a:1'\n").what(),
                 Contains("profiles.toml:2: labs.bench: is no table"));
    REQUIRE_THAT(refusal("[labs.bench]\n").what(), Contains("labs.bench.server_key: missing"));
}

TEST_CASE("a lab is added behind what is there, and nothing of that is touched") {
    const std::string before = "# mine\n\n" + bench_with("# not in use: key = \"x\"");
    const Profiles profiles(before);
    std::filesystem::permissions(profiles.file, std::filesystem::perms(0640));
    add_lab(profiles.file, scan());
    REQUIRE(profiles.text() == before + "\n\n[labs.scan]\nendpoint = \"tcp://scan:5570\"\n" +
                                   "server_key = \"" + std::string(64, 'b') + "\"\n");
    REQUIRE(std::filesystem::status(profiles.file).permissions() == std::filesystem::perms(0640));
    REQUIRE(find_lab(profiles.file, "scan").key == profiles.folder.path() / "client.key");
    REQUIRE(find_lab(profiles.file, "bench").server_key.text() == some_key);
    Lab another = scan();
    another.name = "3rd_lab-x";
    another.key = "a \"key\" \\ there";
    add_lab(profiles.file, another);
    REQUIRE(find_lab(profiles.file, "3rd_lab-x").key == std::filesystem::absolute(another.key));
}

TEST_CASE("the first lab makes the file and its folder, which are its owner's") {
    const TemporaryFolder home("phyll-labs");
    const std::filesystem::path file = home.path() / "config/phyll/profiles.toml";
    add_lab(file, scan());
    REQUIRE(read_labs(file).size() == 1);
    REQUIRE(std::filesystem::status(file.parent_path()).permissions() ==
            std::filesystem::perms::owner_all);
}

TEST_CASE("a lab that is there already, or could not be read, is not added") {
    const auto adding = [](const Profiles& profiles, const Lab& lab) {
        const std::string before = profiles.text();
        Code code = Code::ok;
        try {
            add_lab(profiles.file, lab);
        } catch (const Error& error) {
            code = error.code();
        }
        REQUIRE(profiles.text() == before);
        REQUIRE(std::distance(std::filesystem::directory_iterator(profiles.folder.path()), {}) ==
                1);
        return code;
    };
    Lab lab = scan();
    lab.name = "bench";
    REQUIRE(adding(Profiles(bench_with("")), lab) == Code::already_exists);
    for (const char* name : {"", "a.b", "a b", "\"a\"", "ä"}) {
        lab.name = name;
        REQUIRE(adding(Profiles(bench_with("")), lab) == Code::invalid_argument);
    }
    Lab nowhere = scan();
    nowhere.endpoint = "scan:5570";
    REQUIRE(adding(Profiles(bench_with("")), nowhere) == Code::invalid_argument);
    Lab odd = scan();
    odd.key = "two\nlines";
    REQUIRE(adding(Profiles(bench_with("")), odd) == Code::invalid_argument);
    REQUIRE(adding(Profiles("labs = {}\n"), scan()) == Code::invalid_argument);
    REQUIRE(adding(Profiles("[labs.bench\n"), scan()) == Code::invalid_argument);
}

TEST_CASE("a file of labs that is a link stays one") {
    const Profiles real(bench_with(""));
    const TemporaryFolder folder("phyll-labs");
    const std::filesystem::path link = folder.path() / "profiles.toml";
    std::filesystem::create_symlink(real.file, link);
    add_lab(link, scan());
    REQUIRE(std::filesystem::is_symlink(link));
    REQUIRE(read_labs(real.file).size() == 2);
}
