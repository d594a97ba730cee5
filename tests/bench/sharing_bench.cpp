// How soon after its lease has ended a rig is safe whose client has gone in the middle of a query,
// and how soon the next in line has it.

#include "clients/cpp/client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_peer.hpp"

#include <fmt/format.h>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace phyll;
using Clock = std::chrono::steady_clock;

constexpr double time_to_live = 0.3;
constexpr int rounds = 30;

/// A query ends only when it is aborted.
constexpr const char* hanging_lab = R"(
[[rigs]]
name = "box"
kind = "echo"
[rigs.simulation]
faults = [{ kind = "hang", at_query = 0, count = 1000 }]
)";

v1::TakeLeaseRequest request_for(double seconds, bool wait) {
    v1::TakeLeaseRequest request;
    request.add_rigs("box");
    request.set_time_to_live(seconds);
    request.set_wait(wait);
    return request;
}

bool is_safe(Client& client) {
    v1::RigRequest request;
    request.set_rig("box");
    return client.call<v1::RigReply>("phyll.v1.Rigs/Get", request).rig().safe();
}

/// Begins a query under a lease, and does not wait for its answer.
void begin_query(test::RawPeer& peer, const std::string& token, std::uint64_t id) {
    v1::Header header = test::RawPeer::request("phyll.v1.Rigs/Query", id);
    header.set_lease(token);
    v1::QueryRequest query;
    query.set_rig("box");
    query.mutable_stimuli()->set_channels(16);
    query.mutable_stimuli()->set_samples(1);
    peer.send({header.SerializeAsString(), query.SerializeAsString(), std::string(64, '\0')});
}

double milliseconds_since(Clock::time_point from) {
    return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

void print(const char* what, std::vector<double> times) {
    std::ranges::sort(times);
    fmt::print("{}: median {:.1f} ms, worst of {} {:.1f} ms (goal 250)\n", what,
               times[times.size() / 2], times.size(), times.back());
}

} // namespace

int main() {
    test::Daemon daemon(hanging_lab);
    Client client(daemon.ipc());
    test::RawPeer peer(daemon.ipc());
    std::vector<double> safe;
    std::vector<double> handed_on;
    for (int round = 0; round < rounds; ++round) {
        const auto lease = client.call<v1::TakeLeaseReply>("phyll.v1.Leases/Take",
                                                           request_for(time_to_live, true));
        const Clock::time_point end =
            Clock::now() + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(time_to_live));
        begin_query(peer, lease.token(), static_cast<std::uint64_t>(round + 1));
        while (is_safe(client)) {
        }
        if (round % 2 == 0) {
            while (!is_safe(client)) {
            }
            safe.push_back(milliseconds_since(end));
            continue;
        }
        const auto next =
            client.call<v1::TakeLeaseReply>("phyll.v1.Leases/Take", request_for(60.0, true));
        handed_on.push_back(milliseconds_since(end));
        v1::LeaseRequest release;
        release.set_token(next.token());
        client.call<v1::ReleaseLeaseReply>("phyll.v1.Leases/Release", release);
    }
    print("safe after the end of the lease, from the middle of a query", safe);
    print("with the next in line", handed_on);
    return 0;
}
