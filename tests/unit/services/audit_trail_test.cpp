#include "daemon/rpc/services/audit_trail.hpp"
#include "daemon/runs/run_site.hpp"
#include "tests/support/await.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>
#include <phyll/v1/leases.pb.h>
#include <phyll/v1/rigs.pb.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

using namespace phyll;
using rpc::AuditTrail;
using rpc::Call;

namespace {

/// A trail, and calls to be noted.
struct Records {
    /// A call of `method` that ended well, or with `code`.
    void note(const std::string& method, const google::protobuf::Message& request,
              Code code = Code::ok, const std::string& who = "anna (key 1f2e3d4c)") {
        const rpc::Dispatcher::Method* found = dispatcher.find(method);
        v1::Header header;
        header.set_method(method);
        rpc::Frames frames;
        frames.push_back(rpc::serialise(request));
        const auto call = std::make_shared<Call>(
            header, std::move(frames),
            rpc::Caller{.name = who, .role = v1::ROLE_OPERATOR, .address = "10.0.0.7"},
            Deadline::never(), rpc::Exchange::unary);
        call->connect([](const v1::Header&, rpc::Frames) {}, nullptr);
        if (code == Code::ok) {
            call->reply(v1::RigReply());
        } else {
            call->fail(Error(code, "because"));
        }
        trail->note(*call, found);
    }
    std::vector<v1::AuditEntry> entries() {
        trail->write();
        v1::AuditRequest request;
        request.set_limit(1000);
        return store.audit(request);
    }

    test::TempDir dir;
    runs::Store store{dir.path() / "phylld.db"};
    ManualClock clock;
    rpc::Dispatcher dispatcher;
    std::unique_ptr<AuditTrail> trail = std::make_unique<AuditTrail>(store, clock);
};

v1::StopRequest stop_of(const std::string& rig) {
    v1::StopRequest request;
    request.set_rig(rig);
    return request;
}

} // namespace

TEST_CASE(
    "what drives is kept with who, from where, what and how it ended, and what looks is not") {
    Records records;
    records.note("phyll.v1.Rigs/Get", v1::RigRequest());
    REQUIRE(records.entries().empty());
    records.note("phyll.v1.Rigs/Stop", stop_of("cavity")); // a viewer may, and it is kept
    records.note("phyll.v1.Leases/Release", v1::LeaseRequest(), Code::not_found);
    const auto entries = records.entries();
    REQUIRE(entries.size() == 2);
    REQUIRE(entries[0].method() == "phyll.v1.Leases/Release");
    REQUIRE(entries[0].code() == static_cast<int>(Code::not_found));
    REQUIRE(entries[0].message() == "because");
    REQUIRE(entries[1].who() == "anna (key 1f2e3d4c)");
    REQUIRE(entries[1].address() == "10.0.0.7");
    REQUIRE(entries[1].method() == "phyll.v1.Rigs/Stop");
    REQUIRE(entries[1].what() == "rig cavity");
    REQUIRE(entries[1].code() == 0);
    REQUIRE(entries[1].first() == runs::wall_seconds(records.clock));
}

TEST_CASE("what was refused is kept, whatever it was") {
    Records records;
    records.note("phyll.v1.Rigs/Get", v1::RigRequest(), Code::permission_denied);
    records.note("phyll.v1.Rigs/Get", v1::RigRequest(), Code::unauthenticated);
    records.note("phyll.v1.Rigs/Get", v1::RigRequest(), Code::not_found);
    REQUIRE(records.entries().size() == 2);
    records.trail->note_turned_away(std::nullopt, "10.0.0.9");
    records.trail->note_turned_away(PublicKey(), "10.0.0.9");
    const auto entries = records.entries();
    REQUIRE(entries.size() == 4);
    REQUIRE(entries[0].method() == "connect");
    REQUIRE(entries[0].address() == "10.0.0.9");
}

TEST_CASE("the same within a minute is one entry with a count, and then another one") {
    Records records;
    const auto query = [&](const std::string& who) {
        records.note("phyll.v1.Rigs/Query", v1::QueryRequest(), Code::ok, who);
    };
    query("anna");
    query("anna");
    query("bert");
    const std::uint64_t number = records.entries().at(1).number();
    records.clock.advance(Seconds(30));
    query("anna");
    auto entries = records.entries();
    REQUIRE(entries.size() == 2);
    REQUIRE(entries[1].number() == number);
    REQUIRE(entries[1].count() == 3);
    REQUIRE(entries[1].last() == entries[1].first() + 30);
    REQUIRE(entries[1].what().empty()); // only counted
    REQUIRE(entries[0].count() == 1);
    records.clock.advance(Seconds(31)); // the minute is over
    query("anna");
    entries = records.entries();
    REQUIRE(entries.size() == 3);
    REQUIRE(entries[0].count() == 1);
}

TEST_CASE("entries are written without anybody asking, and the last ones when the trail ends") {
    Records records;
    records.note("phyll.v1.Rigs/Stop", stop_of("a"));
    v1::AuditRequest all;
    all.set_limit(1000);
    test::await([&] { return records.store.audit(all).size() == 1; });
    records.note("phyll.v1.Rigs/Stop", stop_of("b"));
    records.note("phyll.v1.Rigs/Stop", stop_of("c"));
    records.trail.reset();
    REQUIRE(records.store.audit(all).size() == 3);
}

TEST_CASE("somebody who knocks from everywhere fills neither memory nor disk") {
    Records records;
    for (int i = 0; i < 30'000; ++i) {
        records.trail->note_turned_away(std::nullopt, std::to_string(i));
    }
    records.trail->write();
    v1::AuditRequest all;
    all.set_limit(1'000'000);
    const std::size_t kept = records.store.audit(all).size();
    REQUIRE(kept == 5'000);
    // Those of a key are kept as before.
    records.note("phyll.v1.Rigs/Stop", stop_of("cavity"));
    REQUIRE(records.entries().front().what() == "rig cavity");
}

TEST_CASE("the store gives the trail page by page") {
    Records records;
    for (const char* rig : {"a", "b", "c", "d"}) {
        records.note("phyll.v1.Rigs/Stop", stop_of(rig), Code::ok, std::string("who ") + rig);
        records.clock.advance(Seconds(10));
    }
    static_cast<void>(records.entries());
    v1::AuditRequest request;
    request.set_limit(2);
    auto page = records.store.audit(request);
    REQUIRE(page.size() == 2);
    REQUIRE(page[0].what() == "rig d");
    request.set_before(page[1].number());
    page = records.store.audit(request);
    REQUIRE(page.size() == 2);
    REQUIRE(page[0].what() == "rig b");
    v1::AuditRequest who;
    who.set_limit(10);
    who.set_who("who c");
    REQUIRE(records.store.audit(who).size() == 1);
    who.set_who("%' OR 1 = 1 --");
    REQUIRE(records.store.audit(who).empty());
    v1::AuditRequest since;
    since.set_limit(10);
    since.set_since(page[0].last());
    REQUIRE(records.store.audit(since).size() == 3);
}

TEST_CASE("what differs in what was asked for alone is one entry where it is counted, or refused") {
    Records records;
    for (const char* rig : {"a", "b", "c"}) {
        v1::QueryRequest query;
        query.set_rig(rig);
        records.note("phyll.v1.Rigs/Query", query, Code::invalid_argument);
        records.note("phyll.v1.Rigs/Disable", stop_of(rig), Code::permission_denied);
        records.note("phyll.v1.Rigs/Stop", stop_of(rig));
    }
    const auto entries = records.entries();
    REQUIRE(entries.size() == 5);
    REQUIRE(std::ranges::count(entries, 3U, &v1::AuditEntry::count) == 2);
}

TEST_CASE("a trail that could not be written is written when the database lets it") {
    Records records;
    {
        SQLite::Database other((records.dir.path() / "phylld.db").string(), SQLite::OPEN_READWRITE);
        const SQLite::Transaction hold(other, SQLite::TransactionBehavior::IMMEDIATE);
        records.note("phyll.v1.Rigs/Stop", stop_of("a"));
        REQUIRE_THROWS_AS(records.trail->write(), Error);
        records.note("phyll.v1.Rigs/Stop", stop_of("a"));
        records.note("phyll.v1.Rigs/Stop", stop_of("b"));
    }
    const auto entries = records.entries();
    REQUIRE(entries.size() == 2);
    REQUIRE(entries[1].count() == 2);
}
