// Every kind of data through the real programs, each with a network that is trained on it.
#include "tests/support/data_files.hpp"
#include "tests/support/process.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

using nlohmann::json;
using phyll::test::Daemon;
using phyll::test::Finished;
using phyll::test::gzip;
using phyll::test::idx;
using phyll::test::npy;

namespace {

/// Echo rigs of several sizes beside the cavity.
const std::string lab = R"(
[[rigs]]
name = "cavity"
kind = "acoustic"
[[rigs]]
name = "wide"
kind = "echo"
options = { width = 800 }
)";

/// Twelve samples each of three classes, six features: the class says where the light is.
struct Lights {
    std::string pixels;
    std::string labels;
};
Lights lights(unsigned samples, unsigned seed) {
    Lights made;
    for (unsigned i = 0; i < samples; ++i) {
        const unsigned label = i % 3;
        for (unsigned k = 0; k < 6; ++k) {
            const unsigned noise = (seed + 37 * i + 101 * k + i * k) % 60;
            made.pixels += static_cast<char>((k / 2 == label ? 190U : 5U) + noise);
        }
        made.labels += static_cast<char>(label + 4);
    }
    return made;
}

/// The last line of a run that was watched to its end.
json train(const Daemon& daemon, const std::string& text,
           const std::vector<std::string>& set = {}) {
    std::vector<std::string> arguments{"--json", "run", "start",
                                       daemon.write("run.toml", text).string(), "--watch"};
    for (const std::string& key : set) {
        arguments.insert(arguments.end(), {"--set", key});
    }
    const Finished finished = daemon.ctl(arguments);
    INFO(finished.out << finished.err);
    REQUIRE(finished.status == 0);
    const std::size_t end = finished.out.rfind('\n', finished.out.size() - 2);
    return json::parse(finished.out.substr(end == std::string::npos ? 0 : end + 1));
}

std::string refusal(const Daemon& daemon, const std::string& text, int status) {
    const Finished finished = daemon.ctl({"run", "start", daemon.write("bad.toml", text).string()});
    INFO(finished.out << finished.err);
    REQUIRE(finished.status == status);
    return finished.err;
}

const std::string small_network = R"(
[training]
epochs = 30
[[layers]]
rig = "wide"
width = 8
)";

} // namespace

TEST_CASE("images and labels as MNIST has them are trained on, and listed", "[long]") {
    Daemon daemon(lab);
    const Lights training = lights(36, 1);
    const Lights test = lights(9, 5);
    const auto path = [&](const std::string& name, const std::string& content) {
        return daemon.write(name, content).string();
    };
    const std::string data =
        "seed = 1\n[data]\nkind = \"idx\"\nfile = \"" +
        path("train-images-idx3-ubyte.gz", gzip(idx({36, 2, 3}, training.pixels))) +
        "\"\nlabel_file = \"" + path("train-labels-idx1-ubyte", idx({36}, training.labels)) +
        "\"\n";
    const std::string with_test =
        data + "test_file = \"" + path("t-images-idx3-ubyte", idx({9, 2, 3}, test.pixels)) +
        "\"\ntest_label_file = \"" + path("t-labels-idx1-ubyte.gz", gzip(idx({9}, test.labels))) +
        "\"\n";
    const json both = train(daemon, with_test + small_network);
    REQUIRE(both["train_samples"] == 36);
    REQUIRE(both["test_samples"] == 9);
    REQUIRE(both["test_accuracy"] > 0.8);
    const json split = train(daemon, data + "test_fraction = 0.25\n" + small_network);
    REQUIRE(split["train_samples"] == 27);
    REQUIRE(split["test_accuracy"] > 0.8);
    const json few = train(daemon, with_test + small_network,
                           {"data.training_samples=18", "data.test_samples=6"});
    REQUIRE(few["train_samples"] == 18);
    REQUIRE(few["test_samples"] == 6);
    REQUIRE(refusal(daemon, with_test + "training_samples = 37\n" + small_network, 2)
                .find("train-images-idx3-ubyte.gz has 36 samples to train on") !=
            std::string::npos);

    const std::string broken = path("broken-idx3-ubyte", idx({37, 2, 3}, training.pixels));
    REQUIRE(refusal(daemon,
                    "[data]\nkind = \"idx\"\nfile = \"" + broken + "\"\nlabel_file = \"" + broken +
                        "\"\n" + small_network,
                    2)
                .find("broken-idx3-ubyte, byte 16: its images take 222 bytes, but no more than "
                      "216") != std::string::npos);
}

TEST_CASE("numpy's arrays are trained on, in one file or several", "[long]") {
    Daemon daemon(lab);
    const Lights training = lights(36, 1);
    const std::string x = npy("|u1", "(36, 6)", training.pixels);
    std::string names;
    for (const char label : training.labels) {
        const char32_t name = label == 4 ? U'a' : label == 5 ? U'b' : U'c';
        names.append(reinterpret_cast<const char*>(&name), sizeof name);
    }
    const std::string y = npy("<U1", "(36,)", names);
    const std::string archive =
        daemon.write("lights.npz", phyll::test::zip({{"x.npy", x}, {"kind.npy", y}})).string();
    const std::string data =
        "seed = 1\n[data]\nkind = \"numpy\"\nfile = \"" + archive + "\"\ny = \"kind\"\n";
    const json packed = train(daemon, data + small_network);
    REQUIRE(packed["test_accuracy"] > 0.8);
    const std::string pair = "seed = 1\n[data]\nkind = \"numpy\"\nfile = \"" +
                             daemon.write("x.npy", x).string() + "\"\nlabel_file = \"" +
                             daemon.write("y.npy", y).string() + "\"\n";
    const json plain = train(daemon, pair + small_network);
    // The same data by another way.
    REQUIRE(plain["weights_sha256"] == packed["weights_sha256"]);
    REQUIRE(
        refusal(daemon, "[data]\nkind = \"numpy\"\nfile = \"" + archive + "\"\n" + small_network, 3)
            .find("no array \"y\"; it has: x, kind") != std::string::npos);
}

TEST_CASE("tables are trained on, and take as many samples as they are told to", "[long]") {
    Daemon daemon(lab);
    const Lights training = lights(36, 1);
    std::string table = "a,b,c,d,e,f,kind\n";
    for (std::size_t i = 0; i < 36; ++i) {
        for (std::size_t k = 0; k < 6; ++k) {
            table += std::to_string(static_cast<unsigned char>(training.pixels[6 * i + k])) + ",";
        }
        table += std::to_string(static_cast<int>(training.labels[i])) + "\n";
    }
    const std::string data = "seed = 1\n[data]\nkind = \"csv\"\nlabel = \"kind\"\nfile = \"" +
                             daemon.write("lights.csv", table).string() + "\"\n";
    const json plain = train(daemon, data + small_network);
    REQUIRE(plain["test_accuracy"] > 0.8);
    const std::string packed = daemon.write("lights.csv.gz", gzip(table)).string();
    REQUIRE(train(daemon, data + small_network, {"data.file=" + packed})["weights_sha256"] ==
            plain["weights_sha256"]);
    REQUIRE(train(daemon, data + small_network, {"data.training_samples=12"})["train_samples"] ==
            12);
}

TEST_CASE("drawn digits are trained on", "[long]") {
    Daemon daemon(lab);
    const std::string run = R"(
seed = 1
[data]
kind = "digits"
training_samples = 400
test_samples = 200
[scheme]
kind = "ridge"
[[layers]]
rig = "wide"
encoding = { kind = "direct" }
)";
    const json result = train(daemon, run);
    REQUIRE(result["training_queries"] == 400);
    REQUIRE(result["evaluation_queries"] == 200);
    REQUIRE(result["layers"][0]["clipped"] == 0);
    REQUIRE(result["test_accuracy"] > 0.5);
    // A rig that changes nothing is worth nothing.
    for (const json& control : result["controls"]) {
        if (control["kind"] == "without_physics") {
            REQUIRE(control["test_accuracy"] ==
                    Approx(result["test_accuracy"].get<double>()).margin(0.02));
        }
    }
}

TEST_CASE("with a shift each training image is measured five times, and no test image", "[long]") {
    Daemon daemon(lab);
    const std::string run = R"(
seed = 1
[data]
kind = "digits"
training_samples = 20
test_samples = 10
[training]
epochs = 2
[[layers]]
rig = "wide"
width = 8
)";
    const json plain = train(daemon, run);
    const json moved = train(daemon, run, {"data.augment.shift=1"});
    // Greedy: each stimulus once, an image under ten labels.
    REQUIRE(plain["layers"][0]["training_queries"] == 20 * 10);
    REQUIRE(moved["layers"][0]["training_queries"] == 5 * 20 * 10);
    REQUIRE(moved["layers"][0]["evaluation_queries"] == plain["layers"][0]["evaluation_queries"]);
    REQUIRE(moved["train_samples"] == 100);
    REQUIRE(moved["test_samples"] == 10);
    // The controls learn from the same images.
    for (const json& control : moved["controls"]) {
        INFO(control.dump());
        REQUIRE(control.contains("test_accuracy"));
    }

    const std::string ridge = run + "encoding = { kind = \"direct\" }\n";
    const std::vector<std::string> set{"scheme.kind=ridge", "data.augment.shift=2"};
    REQUIRE(train(daemon, ridge, set)["training_queries"] == 100);

    const std::string file =
        daemon.write("moved.toml", run + "[data.augment]\nshift = 1\n").string();
    const Finished check = daemon.ctl({"run", "check", file});
    REQUIRE(check.out.find("100 training and 10 test samples") != std::string::npos);
    REQUIRE(check.out.find("20 training images, each as it is and moved by 1 pixel up, down, left "
                           "and right") != std::string::npos);
    REQUIRE(check.out.find("1,000") != std::string::npos);
}

TEST_CASE("exclusive or is made of a cavity's responses, and of nothing else") {
    Daemon daemon(lab);
    const std::string run = R"(
seed = 3
[data]
kind = "xor"
pair = [3, 11]
[scheme]
kind = "ridge"
[[layers]]
rig = "cavity"
encoding = { kind = "direct" }
)";
    const json result = train(daemon, run);
    REQUIRE(result["layers"][0]["clipped"] == 0);
    for (const json& control : result["controls"]) {
        if (control["kind"] == "ridge_inputs") {
            REQUIRE(control["test_accuracy"] == Approx(0.5).margin(0.1));
        }
    }
    // Without noise the faintest product is enough.
    REQUIRE(result["test_accuracy"] > 0.9);
}

TEST_CASE("what can be trained on is listed by kind") {
    phyll::test::TempDir folder;
    std::filesystem::create_directory(folder.path() / "sub");
    for (const char* name : {"a.csv", "sub/x.npy", "d.npz", "t10k-images-idx3-ubyte.gz",
                             "t10k-labels-idx1-ubyte", "notes.txt", "idx.txt"}) {
        std::ofstream(folder.path() / name) << "x";
    }
    Daemon daemon("data_dir = \"" + folder.path().string() + "\"\n" + lab);
    std::map<std::string, std::string> kinds;
    std::istringstream stream(daemon.ctl({"--json", "data", "list"}).out);
    for (std::string line; std::getline(stream, line);) {
        const json set = json::parse(line);
        kinds[set["name"]] = set["kind"];
    }
    REQUIRE(kinds == std::map<std::string, std::string>{{"vowels", "vowels"},
                                                        {"digits", "digits"},
                                                        {"xor", "xor"},
                                                        {"a.csv", "csv"},
                                                        {"sub/x.npy", "numpy"},
                                                        {"d.npz", "numpy"},
                                                        {"t10k-images-idx3-ubyte.gz", "idx"},
                                                        {"t10k-labels-idx1-ubyte", "idx"}});
}

TEST_CASE("an encoding that does not fit a rig is refused with the numbers") {
    Daemon daemon(lab);
    const std::string run = R"(
[data]
kind = "vowels"
[[layers]]
rig = "cavity"
encoding = { kind = "quantise", bits = 2 }
)";
    REQUIRE(refusal(daemon, run, 2)
                .find("19 inputs (7 label entries and 12 features), and 2 bits for each make "
                      "38, but rig 'cavity' has 20") != std::string::npos);
}
