// Runs that clients drive themselves, by the project's own client and by the example in Python.

#include "tests/integration/run_files.hpp"
#include "tests/support/await.hpp"
#include "tests/support/process.hpp"

#include "clients/cpp/client.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>
#include <phyll/v1/runs.pb.h>

#include <csignal>
#include <sstream>
#include <string>
#include <vector>

using namespace phyll;
using nlohmann::json;
using test::await;
using test::Daemon;
using test::Finished;
using test::noisy_lab;
using test::Process;

namespace {

/// Somebody with a scheme of their own.
class Scheme {
  public:
    explicit Scheme(const Daemon& daemon) : client_(daemon.ipc()) {}

    v1::OpenReply open(const v1::OpenRequest& request) {
        const auto reply = client_.call<v1::OpenReply>("phyll.v1.Runs/Open", request);
        client_.use_lease(reply.lease());
        run_ = reply.info().run();
        return reply;
    }
    v1::OpenReply open_new(const std::string& rig, double time_to_live = 60.0) {
        v1::OpenRequest request;
        request.add_rigs(rig);
        request.set_name("own");
        request.set_seed(4);
        request.set_time_to_live(time_to_live);
        return open(request);
    }
    v1::RunQueryReply query(const std::string& rig, std::size_t inputs, float drive,
                            std::vector<float>& responses, std::size_t samples = 3) {
        OwnedBlock stimuli(inputs, samples);
        for (float& value : stimuli.view().values()) {
            value = drive;
        }
        v1::RunQueryRequest request;
        request.set_run(run_);
        request.set_rig(rig);
        request.mutable_stimuli()->set_channels(static_cast<std::uint32_t>(inputs));
        request.mutable_stimuli()->set_samples(static_cast<std::uint32_t>(samples));
        OwnedBlock out;
        const auto reply = client_.call<v1::RunQueryReply>("phyll.v1.Runs/Query", request,
                                                           std::as_const(stimuli).view(), out,
                                                           Client::usual_timeout);
        const ConstBlock view = std::as_const(out).view();
        responses.assign(view.values().begin(), view.values().end());
        return reply;
    }
    void log(double value) {
        v1::RunLogRequest request;
        request.set_run(run_);
        (*request.mutable_metrics())["value"] = value;
        static_cast<void>(client_.call<v1::RunLogReply>("phyll.v1.Runs/Log", request));
    }
    void checkpoint(const std::string& state) {
        v1::RunCheckpointRequest request;
        request.set_run(run_);
        request.set_state(state);
        static_cast<void>(
            client_.call<v1::RunCheckpointReply>("phyll.v1.Runs/Checkpoint", request));
    }
    v1::RunReply close(const std::string& failed = "") {
        v1::CloseRequest request;
        request.set_run(run_);
        request.set_failed(failed);
        return client_.call<v1::RunReply>("phyll.v1.Runs/Close", request);
    }
    [[nodiscard]] v1::RunInfo info() {
        v1::RunRequest request;
        request.set_run(run_);
        return client_.call<v1::RunReply>("phyll.v1.Runs/Get", request).info();
    }
    [[nodiscard]] std::uint64_t run() const noexcept { return run_; }
    [[nodiscard]] Client& client() noexcept { return client_; }

  private:
    Client client_;
    std::uint64_t run_ = 0;
};

Code code_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        UNSCOPED_INFO(error.what());
        return error.code();
    }
    return Code::ok;
}

} // namespace

TEST_CASE("a client's own run is a run: it holds its rig, counts, keeps metrics, is listed and "
          "exported") {
    Daemon daemon(noisy_lab);
    Scheme scheme(daemon);
    const v1::OpenReply opened = scheme.open_new("cavity");
    REQUIRE(opened.info().state() == v1::RUNNING);
    REQUIRE(opened.info().kind() == v1::CLIENT);
    REQUIRE_FALSE(opened.has_checkpoint());
    const Finished refused = daemon.ctl({"lease", "take", "cavity"});
    REQUIRE(refused.status == 6);
    REQUIRE(refused.err.find("cavity is held by run 1") != std::string::npos);
    std::vector<float> responses;
    const v1::RunQueryReply answer = scheme.query("cavity", 20, 0.5F, responses);
    REQUIRE(answer.measured() == 3);
    REQUIRE(answer.recorded() == 0);
    REQUIRE(responses.size() == 60);
    REQUIRE(responses[0] != responses[20]); // noise goes by the measurement's number
    scheme.log(0.25);
    scheme.log(0.5);
    const v1::RunReply closed = scheme.close();
    REQUIRE(closed.info().state() == v1::SUCCEEDED);
    REQUIRE(closed.info().result().training_queries() == 3);
    REQUIRE(closed.info().result().evidence() == v1::SIMULATION);
    REQUIRE(closed.info().metrics().at("value") == 0.5);
    REQUIRE(daemon.ctl({"lease", "list"}).out.find("run 1") == std::string::npos);
    const Finished shown = daemon.ctl({"run", "show", "1"});
    REQUIRE(shown.out.find("client's own") != std::string::npos);
    REQUIRE(shown.out.find("value = 0.5") != std::string::npos);
    REQUIRE(shown.out.find("accuracy") == std::string::npos);
    REQUIRE(daemon.ctl({"run", "list"}).out.find("own (client's own)") != std::string::npos);
    const std::string file = (daemon.folder() / "m.h5").string();
    REQUIRE(daemon.ctl({"run", "export", "1", "--measurements", "-o", file}).status == 0);
    REQUIRE(daemon.ctl({"run", "bundle", "1", "-o", (daemon.folder() / "b.zip").string()}).status ==
            0);
    REQUIRE(daemon.ctl({"run", "retry", "1"}).status == 6);
}

TEST_CASE("what a client asks of its run that cannot be is refused, and the run goes on") {
    Daemon daemon(noisy_lab);
    Scheme scheme(daemon);
    scheme.open_new("echo");
    std::vector<float> responses;
    REQUIRE(code_of([&] { scheme.query("echo", 16, 1.5F, responses); }) == Code::out_of_range);
    REQUIRE(code_of([&] { scheme.query("echo", 7, 0.5F, responses); }) == Code::invalid_argument);
    REQUIRE(code_of([&] { scheme.query("cavity", 20, 0.5F, responses); }) == Code::not_found);
    REQUIRE(code_of([&] { scheme.log(std::numeric_limits<double>::quiet_NaN()); }) ==
            Code::invalid_argument);
    REQUIRE(scheme.query("echo", 16, 0.5F, responses).measured() == 3);
    Client stranger(daemon.ipc());
    v1::RunCheckpointRequest request;
    request.set_run(scheme.run());
    REQUIRE(code_of([&] {
                stranger.call<v1::RunCheckpointReply>("phyll.v1.Runs/Checkpoint", request);
            }) == Code::permission_denied);
    Scheme second(daemon);
    REQUIRE(code_of([&] { second.open_new("echo"); }) == Code::failed_precondition);
    const v1::RunReply failed = scheme.close("it did not converge");
    REQUIRE(failed.info().state() == v1::FAILED);
    REQUIRE(failed.info().reason() == "it did not converge");
    REQUIRE(code_of([&] { scheme.log(1.0); }) == Code::failed_precondition);
}

TEST_CASE(
    "a client that is gone leaves its run held, and goes on from its checkpoint and the journal") {
    Daemon daemon(noisy_lab);
    Scheme undisturbed(daemon);
    std::vector<float> expected;
    std::vector<float> part;
    undisturbed.open_new("cavity");
    for (int step = 0; step < 4; ++step) {
        undisturbed.query("cavity", 20, 0.1F * static_cast<float>(step), part);
        expected.insert(expected.end(), part.begin(), part.end());
    }
    undisturbed.close();

    const bool daemon_dies = GENERATE(false, true);
    INFO((daemon_dies ? "the daemon dies, too" : "the client goes away"));
    std::uint64_t run = 0;
    std::vector<float> answers;
    {
        Scheme scheme(daemon);
        // Longer than two queries take on a busy machine: it is waited for after that.
        scheme.open_new("cavity", daemon_dies ? 60.0 : 4.0);
        run = scheme.run();
        scheme.query("cavity", 20, 0.0F, answers);
        scheme.checkpoint("after step 0");
        scheme.query("cavity", 20, 0.1F, part);
    }
    if (daemon_dies) {
        daemon.kill();
        daemon.start();
    }
    Scheme again(daemon);
    v1::RunRequest which;
    which.set_run(run);
    v1::RunInfo held;
    await([&] {
        held = again.client().call<v1::RunReply>("phyll.v1.Runs/Get", which).info();
        return held.state() == v1::HELD;
    });
    REQUIRE(held.waits());
    REQUIRE(held.reason().find("its client") != std::string::npos);
    REQUIRE(daemon.ctl({"run", "resume", std::to_string(run)}).status == 6);
    v1::OpenRequest resume;
    resume.set_resume(run);
    resume.set_wait(true);
    resume.set_time_to_live(60);
    const v1::OpenReply opened = again.open(resume);
    REQUIRE(opened.checkpoint() == "after step 0");
    const v1::RunQueryReply first = again.query("cavity", 20, 0.1F, part);
    REQUIRE(first.recorded() == 3);
    REQUIRE(first.measured() == 0);
    answers.insert(answers.end(), part.begin(), part.end());
    for (int step = 2; step < 4; ++step) {
        REQUIRE(again.query("cavity", 20, 0.1F * static_cast<float>(step), part).measured() == 3);
        answers.insert(answers.end(), part.begin(), part.end());
    }
    const v1::RunReply closed = again.close();
    REQUIRE(closed.info().result().training_queries() == 12);
    REQUIRE(closed.info().result().layers(0).recorded() == 3);
    REQUIRE(answers == expected); // bit for bit, the noise too
}

TEST_CASE(
    "an emergency stop ends the session of a client's run, which goes on when it is opened again") {
    Daemon daemon(noisy_lab);
    Scheme scheme(daemon);
    scheme.open_new("cavity");
    std::vector<float> responses;
    scheme.query("cavity", 20, 0.5F, responses);
    REQUIRE(daemon.ctl({"stop", "cavity", "--note", "smoke"}).status == 0);
    await([&] { return scheme.info().state() == v1::HELD; });
    REQUIRE(scheme.info().reason().find("smoke") != std::string::npos);
    REQUIRE(code_of([&] { scheme.query("cavity", 20, 0.5F, responses); }) ==
            Code::failed_precondition);
    v1::OpenRequest resume;
    resume.set_resume(scheme.run());
    REQUIRE(code_of([&] { scheme.open(resume); }) == Code::failed_precondition);
    REQUIRE(daemon.ctl({"rig", "acknowledge", "cavity"}).status == 0);
    scheme.open(resume);
    REQUIRE(scheme.query("cavity", 20, 0.5F, responses).recorded() == 3);
    REQUIRE(scheme.close().info().state() == v1::SUCCEEDED);
}

TEST_CASE("opening a run twice with one key opens one run") {
    Daemon daemon(noisy_lab);
    Scheme scheme(daemon);
    v1::OpenRequest request;
    request.add_rigs("echo");
    request.set_idempotency_key("once");
    request.set_time_to_live(60);
    request.set_wait(true);
    const v1::OpenReply first = scheme.open(request);
    const v1::OpenReply second = scheme.open(request);
    REQUIRE(first.info().run() == second.info().run());
    REQUIRE(first.lease() == second.lease());
    std::vector<float> responses;
    REQUIRE(scheme.query("echo", 16, 0.5F, responses).measured() == 3);
}

TEST_CASE("a client's run whose lease is released waits for its client") {
    Daemon daemon(noisy_lab);
    Scheme scheme(daemon);
    const v1::OpenReply opened = scheme.open_new("echo");
    v1::LeaseRequest release;
    release.set_token(opened.lease());
    scheme.client().call<v1::ReleaseLeaseReply>("phyll.v1.Leases/Release", release);
    await([&] { return scheme.info().state() == v1::HELD; });
    v1::OpenRequest resume;
    resume.set_resume(scheme.run());
    resume.set_wait(true);
    scheme.open(resume);
    REQUIRE(scheme.close().info().state() == v1::SUCCEEDED);
}

TEST_CASE("a key finds its run again, whatever has become of it meanwhile") {
    Daemon daemon(noisy_lab);
    v1::OpenRequest request;
    request.add_rigs("echo");
    request.set_idempotency_key("once");
    request.set_time_to_live(0.2);
    Scheme first(daemon);
    const std::uint64_t run = first.open(request).info().run(); // does not wait, nor renew
    await([&] { return first.info().state() == v1::HELD; });
    Scheme second(daemon);
    request.set_wait(true);
    request.set_time_to_live(60);
    REQUIRE(second.open(request).info().run() == run);
    REQUIRE(second.close().info().state() == v1::SUCCEEDED);
    REQUIRE(code_of([&] { second.open(request); }) == Code::failed_precondition);
}

TEST_CASE("the example of a scheme of one's own goes on where it was killed, to the same end") {
    const std::string python = "/usr/bin/python3";
    if (!std::filesystem::exists(python) ||
        test::run_command({python, "-c", "import zmq, google.protobuf"}).status != 0) {
        WARN("skipped: " << python << " has no zmq or no google.protobuf");
        return;
    }
    Daemon daemon(noisy_lab);
    const auto command = [&](std::vector<std::string> more) {
        std::vector<std::string> all{python,       PHYLL_EXAMPLES_DIR "/own_scheme.py",
                                     "--endpoint", daemon.tcp(),
                                     "--steps",    "40"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    const Finished whole = test::run_command(command({"--rig", "cavity"}));
    INFO(whole.err);
    REQUIRE(whole.status == 0);
    const std::string last = whole.out.substr(whole.out.rfind("{\"run\""));
    Process killed(command({"--rig", "cavity"}), daemon.folder() / "killed.log");
    while (json::parse(killed.read_line())["step"] != 24) {
    }
    killed.signal(SIGKILL);
    const Finished resumed = test::run_command(command({"--resume", "2"}));
    INFO(resumed.err);
    REQUIRE(resumed.status == 0);
    const std::string end = resumed.out.substr(resumed.out.rfind("{\"run\""));
    REQUIRE(json::parse(end)["step"] == 39);
    REQUIRE(json::parse(end)["value"] == json::parse(last)["value"]);
    const json run = json::parse(daemon.ctl({"--json", "run", "show", "2"}).out);
    REQUIRE(run["state"] == "succeeded");
    REQUIRE(run["training_queries"] == 320);
    REQUIRE(run["metrics"]["value"] == json::parse(last)["value"]);
}
