// What phylld adds to its transport: each figure is a ratio to a ROUTER that echoes the same bytes
// from a process of its own, both measured in turn, in short slices; the median of the rounds'
// ratios counts. Rigs echo what they are asked, so that nothing but the way there is measured.
//
//   phyll_bench_transport [rounds [part of a figure's name]]

#include "tests/bench/transport/background.hpp"
#include "tests/bench/transport/raw_echo.hpp"
#include "tests/bench/transport/stream_peer.hpp"
#include "tests/bench/transport/undisturbed_thread.hpp"
#include "tests/bench/transport/wire_peer.hpp"

#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <sched.h>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace phyll;
using namespace phyll::bench;

constexpr const char* lab = R"(
[[rigs]]
name = "echo"
kind = "echo"
[[rigs]]
name = "wide"
kind = "echo"
options = { width = 256 }
)";

// A block of 65,536 values.
constexpr std::uint32_t block_channels = 256;
constexpr std::uint32_t block_samples = 256;

/// The smallest command there is: it asks for nothing, and of an idle lab nothing comes back.
Frames list_request(std::uint64_t id = 1) {
    return request_of("phyll.v1.Leases/List", id, v1::ListLeasesRequest());
}

/// One whose answer describes a rig.
Frames get_request(std::uint64_t id = 1) {
    v1::RigRequest request;
    request.set_rig("echo");
    return request_of("phyll.v1.Rigs/Get", id, request);
}

Frames query_request(const std::string& rig, std::uint32_t channels, std::uint32_t samples,
                     std::uint64_t id, const std::string& lease) {
    v1::QueryRequest request;
    request.set_rig(rig);
    request.mutable_stimuli()->set_channels(channels);
    request.mutable_stimuli()->set_samples(samples);
    request.set_wait(true);
    Frames frames = request_of("phyll.v1.Rigs/Query", id, request, lease);
    frames.emplace_back(std::size_t{4} * channels * samples, '\0');
    return frames;
}

/// The thread, and those that it starts, only gets what the others leave of the processors: what it
/// stands for is on a computer of its own.
void take_what_is_spare() {
    const sched_param none{};
    ::sched_setscheduler(0, SCHED_IDLE, &none);
}

/// As many messages as may be on their way, with a number each.
std::vector<Frames> window_of(std::size_t size, const std::function<Frames(std::uint64_t)>& make) {
    std::vector<Frames> window;
    for (std::size_t i = 0; i < size; ++i) {
        window.push_back(make(i + 1));
    }
    return window;
}

/// Takes a lease that outlasts the program, and returns its token.
std::string take_lease(const std::string& endpoint) {
    v1::TakeLeaseRequest request;
    request.add_rigs("echo");
    request.add_rigs("wide");
    request.set_time_to_live(86400);
    WirePeer peer(endpoint);
    peer.send(request_of("phyll.v1.Leases/Take", 1, request));
    v1::TakeLeaseReply reply;
    const zmq::message_t& body = peer.receive(2)[1];
    reply.ParseFromArray(body.data(), static_cast<int>(body.size()));
    return reply.token();
}

void release_lease(const std::string& endpoint, const std::string& token) {
    v1::LeaseRequest request;
    request.set_token(token);
    WirePeer peer(endpoint);
    peer.send(request_of("phyll.v1.Leases/Release", 1, request));
    peer.receive(2);
}

struct Compared {
    double base;
    double ours;
    double ratio; ///< median of the rounds'
};

Compared in_turn(int rounds, const std::function<double()>& base,
                 const std::function<double()>& ours) {
    std::vector<double> bases;
    std::vector<double> all;
    std::vector<double> ratios;
    for (int i = -1; i < rounds; ++i) {
        const double first = base();
        const double second = ours();
        if (i >= 0) { // after a round to get warm
            bases.push_back(first);
            all.push_back(second);
            ratios.push_back(second / first);
        }
    }
    return {median(bases), median(all), median(ratios)};
}

void print(const std::string& what, const Compared& figure, const char* unit, const char* goal) {
    fmt::print("{:58} {:9.1f} {:9.1f} {:8} {:6.2f}   {}\n", what, figure.base, figure.ours, unit,
               figure.ratio, goal);
    std::fflush(stdout);
}

/// The figures of one daemon against one raw echo.
class Bench {
  public:
    /// Of figures that have `part` in their names.
    Bench(std::string daemon, std::string raw, int rounds, std::string part)
        : daemon_(std::move(daemon)),
          raw_(std::move(raw)),
          rounds_(rounds),
          part_(std::move(part)) {}

    /// One request at a time, p50 and p99.
    void commands(const std::string& what, const Frames& message, std::size_t answer_frames) const {
        if (!wanted(what)) {
            return;
        }
        WirePeer ours(daemon_);
        WirePeer raw(raw_);
        for (const double share : {0.5, 0.99}) {
            const auto slice = [&](WirePeer& peer, std::size_t frames) {
                return quantile(round_trips(peer, message, frames, 400), share);
            };
            print(fmt::format("{}, round trip p{:.0f}", what, 100 * share),
                  in_turn(
                      rounds_, [&] { return slice(raw, message.size()); },
                      [&] { return slice(ours, answer_frames); }),
                  "us", share == 0.5 ? "<= 1.5, aim 1.25" : "<= 2");
        }
    }

    /// Many on their way at a time.
    void pipelined(const std::string& what, const std::vector<Frames>& window,
                   std::size_t answer_frames, std::size_t count, const char* goal) const {
        if (!wanted(what)) {
            return;
        }
        WirePeer ours(daemon_);
        WirePeer raw(raw_);
        print(what,
              in_turn(
                  rounds_, [&] { return rate(raw, window, window[0].size(), count); },
                  [&] { return rate(ours, window, answer_frames, count); }),
              "1/s", goal);
    }

    void stream(const std::string& lease) const {
        const std::string what = "Rigs/Stream, 65,536 floats, 16 on their way";
        if (!wanted(what)) {
            return;
        }
        const std::size_t blocks = 400;
        StreamPeer ours(daemon_, "wide", lease, block_channels, block_samples);
        WirePeer raw(raw_);
        const std::vector<Frames> window = window_of(16, [](std::uint64_t id) {
            return query_request("wide", block_channels, block_samples, id, "");
        });
        print(what,
              in_turn(
                  rounds_, [&] { return rate(raw, window, 3, blocks); },
                  [&] { return ours.rate(blocks); }),
              "1/s", ">= 0.8");
    }

    /// Commands on a connection of their own while another one streams as fast as it goes.
    void beside_a_stream(const std::string& lease) const {
        const std::string what = "Leases/List beside a full stream";
        if (!wanted(what)) {
            return;
        }
        Background streaming([&] {
            take_what_is_spare();
            const auto stream =
                std::make_shared<StreamPeer>(daemon_, "wide", lease, block_channels, block_samples);
            return [stream] { static_cast<void>(stream->rate(16)); };
        });
        const UndisturbedThread undisturbed;
        WirePeer peer(daemon_);
        for (const double share : {0.5, 0.99}) {
            const auto slice = [&] {
                return quantile(round_trips(peer, list_request(), 2, 400), share);
            };
            const Compared figure = in_turn(rounds_, slice, [&] {
                streaming.on();
                const double during = slice();
                streaming.off();
                return during;
            });
            print(fmt::format("{}, to idle, p{:.0f}", what, 100 * share), figure, "us",
                  share == 0.5 ? "" : "<= 3");
        }
    }

    /// 198 clients that ask in turn while one floods and one never reads.
    void in_a_crowd() const {
        const std::string what = "Leases/List of 198 beside a flood and a deaf one";
        if (!wanted(what)) {
            return;
        }
        Background flood([&] { return flooder(); });
        const UndisturbedThread undisturbed;
        std::vector<std::unique_ptr<WirePeer>> crowd;
        for (int i = 0; i < 198; ++i) {
            crowd.push_back(std::make_unique<WirePeer>(daemon_));
        }
        for (const double share : {0.5, 0.99}) {
            const auto slice = [&] {
                std::vector<double> times;
                for (const auto& peer : crowd) {
                    times.push_back(round_trips(*peer, list_request(), 2, 1)[0]);
                    times.push_back(round_trips(*peer, list_request(), 2, 1)[0]);
                }
                return quantile(times, share);
            };
            const Compared figure = in_turn(rounds_, slice, [&] {
                WirePeer deaf(daemon_);
                for (std::uint64_t id = 1; id <= 3000; ++id) {
                    static_cast<void>(deaf.try_send(list_request(id)));
                }
                flood.on();
                const double during = slice();
                flood.off();
                return during;
            });
            print(fmt::format("{}, p{:.0f}", what, 100 * share), figure, "us", "<= 1.2");
        }
    }

  private:
    [[nodiscard]] bool wanted(const std::string& what) const {
        return what.find(part_) != std::string::npos;
    }

    /// Sends requests as fast as they are taken.
    [[nodiscard]] std::function<void()> flooder() const {
        take_what_is_spare();
        const auto peer = std::make_shared<WirePeer>(daemon_);
        return [peer, id = std::uint64_t{0}]() mutable {
            for (int i = 0; i < 16; ++i) {
                static_cast<void>(peer->try_send(list_request(++id)));
            }
            peer->drop_what_came();
        };
    }

    std::string daemon_;
    std::string raw_;
    int rounds_;
    std::string part_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc == 2 && argv[1] == std::string(RawEcho::option)) {
        RawEcho::serve();
    }
    const int rounds = argc > 1 ? std::stoi(argv[1]) : 9;
    test::Daemon daemon(lab);
    const RawEcho raw("/proc/self/exe");
    const Bench bench(daemon.tcp(), raw.endpoint(), rounds, argc > 2 ? argv[2] : "");
    fmt::print("{:58} {:>9} {:>9} {:8} {:>6}   {}\n", "", "raw", "phylld", "", "ratio", "goal");
    const auto query = [](const std::string& lease) {
        return [lease](std::uint64_t id) { return query_request("echo", 16, 1, id, lease); };
    };
    const auto block = [](const std::string& lease) {
        return [lease](std::uint64_t id) {
            return query_request("wide", block_channels, block_samples, id, lease);
        };
    };
    bench.commands("Leases/List", list_request(), 2);
    bench.commands("Rigs/Get", get_request(), 2);
    bench.commands("Rigs/Query, one sample", query("")(1), 3);
    bench.pipelined("Leases/List, 64 outstanding", window_of(64, list_request), 2, 5000, ">= 0.35");
    bench.pipelined("Rigs/Get, 64 outstanding", window_of(64, get_request), 2, 5000, "");
    bench.pipelined("Rigs/Query, one sample, 64 outstanding", window_of(64, query("")), 3, 3000,
                    "");
    bench.pipelined("Rigs/Query, 65,536 floats, one at a time", window_of(1, block("")), 3, 200,
                    ">= 0.8");
    bench.pipelined("Rigs/Query, 65,536 floats, 8 outstanding", window_of(8, block("")), 3, 400,
                    ">= 0.7, aim 0.9");
    bench.in_a_crowd();

    const std::string lease = take_lease(daemon.tcp());
    bench.commands("Rigs/Query under a lease, one sample", query(lease)(1), 3);
    bench.pipelined("Rigs/Query under a lease, one sample, 64 outstanding",
                    window_of(64, query(lease)), 3, 3000, ">= 0.35");
    bench.pipelined("Rigs/Query under a lease, 65,536 floats, 8 outstanding",
                    window_of(8, block(lease)), 3, 400, ">= 0.7, aim 0.9");
    bench.stream(lease);
    bench.beside_a_stream(lease);
    release_lease(daemon.tcp(), lease);
    return 0;
}
