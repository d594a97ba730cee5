#include "app.hpp"
#include "clients/cpp/block_stream.hpp"
#include "clients/cpp/held_lease.hpp"
#include "drivers/core/clock.hpp"
#include "output.hpp"
#include "response_sink.hpp"
#include "stimulus_source.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <phyll/v1/rigs.pb.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>

namespace phyll::cli {
namespace {

using std::chrono::milliseconds;

/// Between two looks at everything that may have come.
constexpr milliseconds at_once{0};
constexpr milliseconds a_moment{20};
constexpr Seconds between_words{0.2};
/// Of a lease that the stream takes itself.
constexpr double time_to_live = 2.0;

struct StreamArguments {
    std::string rig;
    std::string in;
    std::string out = "-";
    std::string units = "drive";
    std::optional<std::uint64_t> key;
    std::uint64_t number = 0;
    std::size_t block = 64;
    std::string on_error = "stop";
    bool follow = false;
    bool record = false;
    std::string name;
    std::string note;
    bool wait = false;
};

struct Tally {
    std::uint64_t samples = 0;
    std::uint64_t blocks = 0;
    std::uint64_t invalid = 0;
};

/// Says how it goes.
class Progress {
  public:
    Progress(const App& app, bool to_file, std::optional<std::uint64_t> samples, const Clock& clock)
        : json_(app.json() && to_file),
          bar_(!app.json() && ::isatty(STDERR_FILENO) != 0),
          samples_(samples),
          clock_(clock),
          start_(clock.now()),
          last_(start_) {}

    [[nodiscard]] double seconds() const { return Seconds(clock_.now() - start_).count(); }
    [[nodiscard]] double rate(const Tally& tally) const {
        return seconds() > 0 ? static_cast<double>(tally.samples) / seconds() : 0.0;
    }
    void show(const Tally& tally) {
        if ((!json_ && !bar_) || Seconds(clock_.now() - last_) < between_words) {
            return;
        }
        last_ = clock_.now();
        if (json_) {
            std::cout << nlohmann::json{{"event", "progress"},
                                        {"samples", tally.samples},
                                        {"rate", rate(tally)}}
                             .dump()
                      << std::endl;
            return;
        }
        std::cerr << '\r' << line(tally) << "\x1b[K" << std::flush;
        shown_ = true;
    }
    void clear() const {
        if (shown_) {
            std::cerr << "\r\x1b[K";
        }
    }

  private:
    [[nodiscard]] std::string line(const Tally& tally) const {
        std::string text =
            fmt::format("{} samples, {:.0f} a second", count(tally.samples), rate(tally));
        if (samples_ && *samples_ > 0) {
            constexpr double width = 24;
            const double share =
                static_cast<double>(tally.samples) / static_cast<double>(*samples_);
            text = fmt::format("[{:<24}] {:3.0f} %  {}",
                               std::string(static_cast<std::size_t>(share * width), '#'),
                               100 * share, text);
        }
        return text;
    }

    bool json_;
    bool bar_;
    std::optional<std::uint64_t> samples_;
    const Clock& clock_;
    Clock::Monotonic start_;
    Clock::Monotonic last_;
    bool shown_ = false;
};

v1::StreamOpening opening_of(const StreamArguments& arguments) {
    v1::StreamOpening opening;
    opening.set_rig(arguments.rig);
    if (arguments.key) {
        opening.set_key(*arguments.key);
    }
    opening.set_number(arguments.number);
    opening.set_on_error(arguments.on_error);
    opening.set_follow(arguments.follow);
    opening.set_record(arguments.record);
    opening.set_name(arguments.name);
    opening.set_note(arguments.note);
    return opening;
}

/// The lease that the caller has not brought.
std::unique_ptr<HeldLease> take_lease(App& app, const StreamArguments& arguments,
                                      const Clock& clock) {
    if (!app.lease().empty()) {
        return nullptr;
    }
    v1::TakeLeaseRequest request;
    request.add_rigs(arguments.rig);
    request.set_note("a stream");
    request.set_time_to_live(time_to_live);
    request.set_wait(arguments.wait);
    return std::make_unique<HeldLease>(app.client().address(), request, Client::Timeout(), clock,
                                       app.interrupt());
}

/// All of it in one thread: where that hangs, the lease ends.
class Pump {
  public:
    Pump(BlockStream& stream, StimulusSource& source, ResponseSink& sink, HeldLease* lease,
         Progress& progress)
        : stream_(stream), source_(source), sink_(sink), lease_(lease), progress_(progress) {}

    void run(std::size_t block) {
        while (!stream_.over()) {
            if (lease_ != nullptr) {
                lease_->renew_if_due();
            }
            const bool sent = send_some(block);
            take(stream_.receive(sent ? at_once : a_moment));
            progress_.show(tally_);
        }
    }
    [[nodiscard]] const Tally& tally() const noexcept { return tally_; }

  private:
    /// Whether there may be more to send at once.
    bool send_some(std::size_t block) {
        if (!waits() && !source_.over()) {
            const bool idle = stream_.on_their_way() == 0;
            waiting_ = source_.next(block, idle ? a_moment : at_once).value_or(OwnedBlock());
        }
        if (waits() && stream_.try_send(std::as_const(waiting_).view())) {
            waiting_ = {};
            return true;
        }
        if (!waits() && source_.over() && !finished_) {
            stream_.finish();
            finished_ = true;
        }
        return false;
    }

    [[nodiscard]] bool waits() const noexcept { return waiting_.samples() > 0; }

    void take(const std::optional<BlockResult>& result) {
        if (!result) {
            return;
        }
        const ConstBlock responses = result->responses.view();
        sink_.write(responses);
        tally_.samples += responses.samples();
        ++tally_.blocks;
        if (!result->valid) {
            ++tally_.invalid;
            std::cerr << fmt::format("samples {} to {} are not valid: {}\n", result->first,
                                     result->first + responses.samples() - 1, result->reason);
        }
    }

    BlockStream& stream_;
    StimulusSource& source_;
    ResponseSink& sink_;
    HeldLease* lease_;
    Progress& progress_;
    OwnedBlock waiting_;
    bool finished_ = false;
    Tally tally_;
};

void say(const App& app, const StreamArguments& arguments, const v1::StreamOpened& opened,
         const Tally& tally, const Progress& progress) {
    if (app.json() && arguments.out != "-") {
        std::cout << nlohmann::json{{"event", "streamed"},
                                    {"rig", arguments.rig},
                                    {"samples", tally.samples},
                                    {"blocks", tally.blocks},
                                    {"invalid", tally.invalid},
                                    {"key", opened.key()},
                                    {"number", arguments.number},
                                    {"seconds", progress.seconds()},
                                    {"rate", progress.rate(tally)},
                                    {"recording", opened.recording() == 0
                                                      ? nlohmann::json()
                                                      : nlohmann::json(opened.recording())},
                                    {"evidence", name_of(opened.evidence())}}
                         .dump()
                  << '\n';
        return;
    }
    std::cerr << fmt::format(
        "{} sample{} in {} on {} ({}), {:.0f} a second, key {}{}{}\n", count(tally.samples),
        tally.samples == 1 ? "" : "s", duration(progress.seconds()), arguments.rig,
        name_of(opened.evidence()), progress.rate(tally), opened.key(),
        tally.invalid == 0 ? "" : fmt::format(", {} blocks not valid", count(tally.invalid)),
        opened.recording() == 0 ? "" : fmt::format(", recorded as run {}", opened.recording()));
}

/// Of a stream that ended badly, which is what is told.
void keep_what_came(ResponseSink& sink) {
    try {
        sink.finish();
    } catch (const std::exception& error) {
        std::cerr << "phyllctl: what came could not be kept: " << error.what() << '\n';
    }
}

void stream(App& app, const StreamArguments& arguments) {
    const SystemClock clock;
    v1::RigRequest which;
    which.set_rig(arguments.rig);
    const v1::LayerSpec rig =
        app.client().call<v1::RigReply>("phyll.v1.Rigs/Get", which).rig().spec();
    const std::unique_ptr<StimulusSource> source = open_stimuli(
        arguments.in, rig, arguments.units == "physical" ? Units::physical : Units::drive);
    app.let_signals_interrupt();
    const std::unique_ptr<HeldLease> lease = take_lease(app, arguments, clock);
    BlockStream blocks(app.client().address(), opening_of(arguments),
                       {.lease = lease ? lease->token() : app.lease(),
                        .interrupt = app.interrupt(),
                        .opening = Client::usual_timeout});
    const std::unique_ptr<ResponseSink> sink = open_responses(arguments.out, rig);
    Progress progress(app, arguments.out != "-", source->samples(), clock);
    Pump pump(blocks, *source, *sink, lease.get(), progress);
    try {
        pump.run(arguments.block);
    } catch (const Error& error) {
        progress.clear();
        keep_what_came(*sink);
        throw error_of(
            fmt::format("the stream ended after {} samples", count(pump.tally().samples)), error);
    }
    progress.clear();
    sink->finish();
    say(app, arguments, blocks.opened(), pump.tally(), progress);
}

} // namespace

void add_stream_command(App& app) {
    CLI::App* command = app.commands().add_subcommand(
        "stream", "Send stimuli through a rig as they come, and keep the responses");
    const auto arguments = std::make_shared<StreamArguments>();
    command->add_option("rig", arguments->rig, "Name of the rig")->required();
    command
        ->add_option("--in", arguments->in,
                     "Stimuli: an .npy file (samples x inputs), a CSV file, or - for lines of CSV "
                     "on standard input, as they come")
        ->required();
    command->add_option("--out", arguments->out,
                        "Responses: an .npy file, a CSV file, or - for standard output");
    command
        ->add_option("--units", arguments->units,
                     "What the stimuli of CSV are: drive (the default) or physical; see 'query'")
        ->check(CLI::IsMember({"drive", "physical"}));
    command->add_option("--key", arguments->key, "Identity of the samples; see 'query'");
    command->add_option("--number", arguments->number, "Number of the first sample");
    command->add_option("--block", arguments->block, "Samples of a block, at most. Default: 64")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 20U));
    command
        ->add_option("--on-error", arguments->on_error,
                     "A block that cannot be measured ends the stream (stop, the default), or is "
                     "marked and the stream goes on (mark)")
        ->check(CLI::IsMember({"stop", "mark"}));
    command->add_flag("--follow", arguments->follow,
                      "Samples of a block follow each other without settling");
    command->add_flag("--record", arguments->record, "phylld keeps the stream, as a run");
    command->add_option("--name", arguments->name, "Name of the recording");
    command->add_option("--note", arguments->note, "What to remember about it");
    command->add_flag("--wait", arguments->wait, "Wait until the rig is free");
    command->callback([&app, arguments] { stream(app, *arguments); });
}

} // namespace phyll::cli
