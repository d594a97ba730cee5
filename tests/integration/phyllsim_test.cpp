// The bench as a program, and clients that were made for real instruments.

#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

using nlohmann::json;
using namespace phyll;
using test::Finished;
using test::Process;

namespace {

const std::string phyllsim = PHYLL_BIN_DIR "/phyllsim";
const std::string python = "/usr/bin/python3";

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A bench that runs, and its ready line.
class Sim {
  public:
    explicit Sim(std::vector<std::string> options = {})
        : process_(command(std::move(options)), dir_.path() / "log"),
          ready_(json::parse(process_.read_line())) {}

    Sim(const Sim&) = delete;
    Sim& operator=(const Sim&) = delete;
    /// Killed, it would leave its folder behind.
    ~Sim() {
        process_.signal(SIGTERM);
        process_.wait();
    }

    [[nodiscard]] const json& ready() const { return ready_; }
    [[nodiscard]] Process& process() { return process_; }
    [[nodiscard]] std::string address(std::size_t instrument) const {
        return ready_.at("instruments").at(instrument).at("address");
    }
    [[nodiscard]] std::string port(std::size_t instrument) const {
        const std::string text = address(instrument);
        const std::size_t begin = std::string("TCPIP0::127.0.0.1::").size();
        return text.substr(begin, text.find("::SOCKET") - begin);
    }
    [[nodiscard]] Finished ctl(std::vector<std::string> arguments) const {
        const std::string control = ready_.at("environment").at("PHYLLSIM_CONTROL");
        arguments.insert(arguments.begin(), {phyllsim, "ctl", "--control", control});
        return test::run_command(arguments);
    }
    [[nodiscard]] json status(std::size_t instrument) const {
        return json::parse(ctl({"status"}).out).at("instruments").at(instrument);
    }

  private:
    static std::vector<std::string> command(std::vector<std::string> options) {
        options.insert(options.begin(), phyllsim);
        return options;
    }

    test::TempDir dir_;
    Process process_;
    json ready_;
};

/// What lxi-tools gets for a command, or nothing, with a word, where they are not installed.
std::optional<std::string> lxi(const std::string& port, const std::string& command) {
    if (!std::filesystem::exists("/usr/bin/lxi")) {
        WARN("skipped: there is no lxi; Debian's package is lxi-tools");
        return std::nullopt;
    }
    const Finished finished =
        test::run_command({"/usr/bin/lxi", "scpi", "-a", "127.0.0.1", "-r", "-p", port, command});
    INFO(finished.err);
    REQUIRE(finished.status == 0);
    return finished.out;
}

bool has_pyvisa() {
    if (std::filesystem::exists(python) &&
        test::run_command({python, "-c", "import pyvisa_py"}).status == 0) {
        return true;
    }
    WARN("skipped: " << python << " has no pyvisa_py; Debian's package is python3-pyvisa-py");
    return false;
}

/// A script for pyvisa-py: `generator` and `digitiser` are open.
Finished visa(const Sim& sim, const std::string& script) {
    const std::string opening = R"(
import sys, pyvisa
manager = pyvisa.ResourceManager('@py')
def instrument(address):
    opened = manager.open_resource(address)
    opened.read_termination = opened.write_termination = '\n'
    opened.timeout = 20000
    return opened
generator, digitiser = instrument(sys.argv[1]), instrument(sys.argv[2])
)";
    return test::run_command({python, "-c", opening + script, sim.address(0), sim.address(1)});
}

} // namespace

TEST_CASE("phyllsim says what it is made of, serves, and leaves nothing behind") {
    Sim sim;
    REQUIRE(sim.ready().at("ready") == true);
    REQUIRE(sim.ready().at("bench") == "electronic");
    const std::filesystem::path config = sim.ready().at("config").get<std::string>();
    const std::string text = read_file(config);
    for (std::size_t i = 0; i < 2; ++i) {
        const json& instrument = sim.ready().at("instruments").at(i);
        REQUIRE(text.find("address = \"" + sim.address(i) + "\"") != std::string::npos);
        REQUIRE(instrument.at("name") == (i == 0 ? "generator" : "digitiser"));
        REQUIRE(instrument.at("identity").get<std::string>().find(",PHYLLSIM-") !=
                std::string::npos);
    }
    REQUIRE(text.find("kind = \"electronic-instruments\"") != std::string::npos);
    const int signal = GENERATE(SIGTERM, SIGINT);
    sim.process().signal(signal);
    REQUIRE(sim.process().wait() == 0);
    REQUIRE_FALSE(std::filesystem::exists(config.parent_path()));
}

TEST_CASE("phyllsim says why it cannot start") {
    Sim sim;
    const auto refused = [](std::vector<std::string> options, int status, const std::string& why) {
        options.insert(options.begin(), phyllsim);
        const Finished finished = test::run_command(options);
        INFO(finished.err);
        REQUIRE(finished.status == status);
        REQUIRE(finished.out.empty());
        REQUIRE(finished.err.find(why) != std::string::npos);
    };
    refused({"--generator-port", sim.port(0)}, 1, "Address already in use");
    refused({"--bench", "kitchen"}, 1, "--bench: 'kitchen'; valid is electronic");
    refused({"--generator", "acme"}, 1, "generator: 'acme'; valid is keysight-33500, ");
    refused({"--circuit", "stages=0"}, 1, "stages: 0; valid is 1 to 16");
    refused({"--circuit", "colour=red"}, 1, "circuit: 'colour=red'; valid is KEY=VALUE");
    refused({"--config-out", "/nonexistent/phylld.toml"}, 1, "No such file or directory");
    refused({"--exec", "/nonexistent/phylld"}, 1, "cannot start '/nonexistent/phylld'");
    refused({"--exec"}, 1, "--exec: missing");
    refused({"--noise", "loud"}, 2, "--noise");
    refused({"ctl", "--control", "/nonexistent", "status"}, 1, "no phyllsim answers at");
}

TEST_CASE("phyllsim --exec runs a command on the bench and ends as it ends") {
    const test::TempDir dir;
    const std::string config = (dir.path() / "lab.toml").string();
    const Finished finished = test::run_command(
        {phyllsim, "--config-out", config, "--exec", "sh", "-c",
         "cat $1; echo \"[$PHYLLD_CONFIG] $2\"; " + phyllsim + " ctl status; exit 7", "sh",
         "{config}", "--config={config}"});
    INFO(finished.err);
    REQUIRE(finished.status == 7);
    REQUIRE(finished.out.starts_with(read_file(config)));
    REQUIRE(finished.out.find("[" + config + "] --config=" + config + "\n") != std::string::npos);
    REQUIRE(finished.out.find("\"bench\":\"electronic\"") != std::string::npos);

    Process waiting({phyllsim, "--exec", "sh", "-c",
                     "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done"},
                    dir.path() / "log");
    REQUIRE(waiting.read_line() == "ready");
    waiting.signal(SIGTERM);
    REQUIRE(waiting.wait() == 9);
    REQUIRE(test::run_command({phyllsim, "--exec", "sh", "-c", "kill -9 $$"}).status == 128 + 9);
}

TEST_CASE("phyllsim --shell is for a shell to evaluate") {
    const Finished finished = test::run_command(
        {"/bin/sh", "-c",
         "eval \"$(" + phyllsim + " --shell &)\"; cat \"$PHYLLD_CONFIG\" && " + phyllsim +
             " ctl status; kill $PHYLLSIM_PID; while kill -0 $PHYLLSIM_PID 2>&-; do :; done; "
             "test -e \"$PHYLLD_CONFIG\" || echo gone"});
    INFO(finished.err);
    REQUIRE(finished.out.starts_with("[[instruments]]\n"));
    REQUIRE(finished.out.find("\"waiting_seconds\":") != std::string::npos);
    REQUIRE(finished.out.ends_with("gone\n"));
}

TEST_CASE("phyllsim ctl tells instruments to misbehave while they run") {
    Sim sim;
    REQUIRE(sim.status(0).at("messages") == 0);
    REQUIRE(sim.status(1).at("captures") == 0);
    REQUIRE(sim.status(0).at("outputs").at(0).at("on") == false);
    REQUIRE(
        sim.ctl({"misbehave", "digitiser", "error", "--text", "-410,Query INTERRUPTED"}).status ==
        0);
    REQUIRE(sim.status(1).at("errors") == 1);
    REQUIRE(sim.ctl({"misbehave", "generator", "delay", "--at", "2", "--count", "3", "--seconds",
                     "0.1"})
                .status == 0);
    REQUIRE(sim.ctl({"release", "generator"}).status == 0);
    REQUIRE(sim.ctl({"reset-statistics"}).status == 0);
    const auto refused = [&](const std::vector<std::string>& order, const std::string& why) {
        const Finished finished = sim.ctl(order);
        INFO(finished.err);
        REQUIRE(finished.status != 0);
        REQUIRE(finished.err.find(why) != std::string::npos);
    };
    refused({"misbehave", "generator", "explode"}, "kind: 'explode'; valid is delay, drop, ");
    refused({"misbehave", "oven", "drop"}, "no instrument is named 'oven'; there are: generator, ");
    refused({"misbehave", "generator", "identity"}, "text: missing");
    refused({"misbehave", "generator"}, "KIND is required");
    refused({}, "A subcommand is required");
}

TEST_CASE("lxi-tools talk to both instruments") {
    const std::string pair = GENERATE("keysight", "rigol");
    const bool rigol = pair == "rigol";
    Sim sim({"--generator", rigol ? "rigol-dg1000z" : "keysight-33500", "--digitiser",
             rigol ? "rigol-mso5000" : "keysight-infiniivision"});
    for (std::size_t i = 0; i < 2; ++i) {
        const auto identity = lxi(sim.port(i), "*IDN?");
        if (!identity) {
            return;
        }
        REQUIRE(*identity ==
                sim.ready().at("instruments").at(i).at("identity").get<std::string>() + "\n");
        static_cast<void>(lxi(sim.port(i), "NONSENSE"));
        REQUIRE(lxi(sim.port(i), "SYST:ERR?") == "-113,\"Undefined header;NONSENSE\"\n");
    }
}

TEST_CASE("pyvisa-py loads a waveform and reads the record of what it makes") {
    if (!has_pyvisa()) {
        return;
    }
    Sim sim;
    const Finished finished = visa(sim, R"(
print(generator.query('*IDN?').split(',')[1], digitiser.query('*IDN?').split(',')[1])
generator.write('NONSENSE')
print(generator.query('SYST:ERR?'))
generator.write('OUTP:LOAD INF;:VOLT:LIM:HIGH 3;LOW -2;STAT ON;:VOLT:LOW -2;HIGH 3;:FUNC ARB')
generator.write('FORM:BORD SWAP')
codes = [-6554] + [32767] * 10 + [-32768] * 10
generator.write_binary_values('DATA:ARB:DAC little,', codes, datatype='h', is_big_endian=False)
generator.write('FORM:BORD NORM')
generator.write_binary_values('DATA:ARB:DAC big,', codes, datatype='h', is_big_endian=True)
generator.write('FUNC:ARB:SRAT 1E4;:BURS:STAT ON;:TRIG:SOUR BUS;:OUTP:TRIG ON;:OUTP ON')
digitiser.write(':CHAN3:PROB 1;DISP ON;RANG 8;:TIM:REF LEFT;POS 2.35E-6;RANG 2E-3')
digitiser.write(':TRIG:EDGE:SOUR EXT;LEV 1;:TRIG:SWE NORM;:WAV:SOUR CHAN3;FORM WORD;POIN 200')
records = []
for name, order in (('big', 'MSBF'), ('little', 'LSBF')):
    generator.write('FUNC:ARB ' + name)
    digitiser.write(':SING')
    assert digitiser.query(':OPER:COND?') == '+40'
    generator.write('*TRG')
    assert generator.query('*OPC?') == '1'
    digitiser.write(':WAV:BYT ' + order)
    scale = [float(number) for number in digitiser.query(':WAV:PRE?').split(',')]
    words = digitiser.query_binary_values(':WAV:DATA?', datatype='H', is_big_endian=order == 'MSBF')
    records.append([(word - scale[9]) * scale[7] + scale[8] for word in words])
print(len(records[0]), records[0] == records[1])
print(*('%.2f' % records[0][i] for i in (0, 9, 10, 109, 110, 199)))
print(generator.query('SYST:ERR?'), digitiser.query('SYST:ERR?'))
)");
    INFO(finished.err);
    REQUIRE(finished.status == 0);
    REQUIRE(finished.out == "33512B MSO-X 3024T\n"
                            "-113,\"Undefined header;NONSENSE\"\n"
                            "200 True\n"
                            "0.00 0.00 3.00 3.00 -2.00 -2.00\n"
                            "+0,\"No error\" +0,\"No error\"\n");
    REQUIRE(sim.status(0).at("outputs").at(0).at("on") == true);
    REQUIRE(sim.status(1).at("captures") == 2);
}
