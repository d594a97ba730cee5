// Who is told when a run ends, or waits for a person.

#include "tests/integration/json_lines.hpp"
#include "tests/integration/run_files.hpp"
#include "tests/support/await.hpp"
#include "tests/support/process.hpp"
#include "tests/support/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <string>

using Catch::Matchers::Contains;
using nlohmann::json;
using namespace phyll::test;

namespace {

std::string notifying_lab(const std::string& command, const std::string& rig = "") {
    return "[notify]\ncommand = '''" + command +
           "'''\n[[rigs]]\nname = \"cavity\"\nkind = \"acoustic\"\n" + rig;
}

std::vector<json> notices(const std::filesystem::path& file) {
    std::ifstream in(file);
    return lines_of({std::istreambuf_iterator<char>(in), {}});
}

void start(const Daemon& daemon, const std::string& text) {
    REQUIRE(daemon.ctl({"run", "start", daemon.write("run.toml", text).string()}).status == 0);
}

} // namespace

TEST_CASE("a command is told how each run ended, in the words of the list of runs") {
    const TempDir folder;
    const auto heard = folder.path() / "heard";
    const Daemon daemon(notifying_lab("cat >> " + heard.string()));
    start(daemon, short_run);
    await([&] { return notices(heard).size() == 1; });
    json notice = notices(heard)[0];
    CHECK(notice["event"] == "succeeded");
    const json listed = lines_of(daemon.ctl({"--json", "run", "list"}).out)[0];
    notice.erase("event");
    notice.erase("time");
    for (const auto& [key, value] : notice.items()) {
        CAPTURE(key);
        REQUIRE(listed.contains(key));
        CHECK(listed[key] == value);
    }
    start(daemon, endless_run);
    REQUIRE(daemon.ctl({"run", "cancel", "2"}).status == 0);
    await([&] { return notices(heard).size() == 2; });
    CHECK(notices(heard)[1]["event"] == "cancelled");
    CHECK(notices(heard)[1]["run"] == 2);
}

TEST_CASE("a command is told that a run is held, by a fault and until a person comes") {
    const TempDir folder;
    const auto heard = folder.path() / "heard";
    Daemon daemon(
        notifying_lab("cat >> " + heard.string(),
                      "unattended = false\nsimulation = { faults = [{ kind = \"disconnect\", "
                      "at_query = 2, count = 1000000 }] }\n"));
    start(daemon, endless_run);
    await([&] { return notices(heard).size() == 1; });
    CHECK(notices(heard)[0]["event"] == "held");
    CHECK(notices(heard)[0]["waits"] == false);
    CHECK_THAT(notices(heard)[0]["reason"].get<std::string>(), Contains("disconnected"));
    daemon.kill();
    daemon.start();
    await([&] { return notices(heard).size() == 2; });
    CHECK(notices(heard)[1]["event"] == "held");
    CHECK(notices(heard)[1]["waits"] == true);
    CHECK_THAT(notices(heard)[1]["reason"].get<std::string>(), Contains("run resume 1"));
}

TEST_CASE("a command that cannot be run is logged, and the daemon goes on") {
    Daemon daemon(notifying_lab("no-such-mailer --urgent"));
    start(daemon, short_run);
    await([&] { return contains(daemon.log(), "ended with status 127"); });
    CHECK_THAT(daemon.log(),
               Contains("notify: the command that is told that run 1 succeeded ended") &&
                   Contains("no-such-mailer"));
    CHECK(show(daemon)["state"] == "succeeded");
    CHECK(daemon.stop() == 0);
}

TEST_CASE("a command that hangs does not keep the daemon from stopping") {
    const TempDir folder;
    const auto heard = folder.path() / "heard";
    Daemon daemon(notifying_lab("cat > " + heard.string() + "; sleep 1000"));
    start(daemon, short_run);
    await([&] { return notices(heard).size() == 1; });
    CHECK(daemon.stop() == 0);
    CHECK_THAT(daemon.log(), Contains("was killed, as phylld stops"));
}
