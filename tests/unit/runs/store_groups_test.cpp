#include "daemon/runs/store.hpp"
#include "drivers/core/error.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

using namespace phyll;
using namespace phyll::runs;
using test::TempDir;

namespace {

NewGroup add(Store& store, std::size_t members, double submitted, const std::string& rig,
             const std::string& key = "") {
    v1::GroupInfo info;
    info.set_name("sweep");
    info.set_submitted(submitted);
    std::vector<RunRecord> records(members);
    for (std::size_t i = 0; i < members; ++i) {
        records[i].info.set_submitted(submitted);
        records[i].info.set_seed(i);
        records[i].info.add_rigs(rig);
    }
    return store.add_group(info, records, key);
}

using Numbers = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("a group is stored with its members, which carry its number") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    store.add_run({}, {}, "");
    const NewGroup group = add(store, 3, 100, "cavity");
    REQUIRE(group.is_new);
    REQUIRE(group.group == 1);
    REQUIRE(group.runs == Numbers{2, 3, 4});
    const GroupRecord record = store.group(1).value();
    REQUIRE(record.info.name() == "sweep");
    REQUIRE(record.info.group() == 1);
    REQUIRE(record.members.size() == 3);
    REQUIRE(record.members[2].info.seed() == 2);
    REQUIRE(record.members[2].info.group() == 1);
    REQUIRE(record.info.first_event() == store.events(2, 0, 1)[0].number());
    REQUIRE_FALSE(store.group(2));
    REQUIRE(add(store, 1, 100, "cavity").group == 2);
}

TEST_CASE("the same idempotency key starts no second group") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    const NewGroup first = add(store, 2, 100, "cavity", "once");
    const NewGroup again = add(store, 5, 200, "cavity", "once");
    REQUIRE_FALSE(again.is_new);
    REQUIRE(again.group == first.group);
    REQUIRE(again.runs == first.runs);
    REQUIRE(store.ends().size() == 2);
}

TEST_CASE("lists leave members out unless they are asked for") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    add(store, 2, 100, "cavity");
    store.add_run({}, {}, "");
    REQUIRE(store.runs({}).size() == 1);
    v1::ListRunsRequest with_members;
    with_members.set_members(true);
    REQUIRE(store.runs(with_members).size() == 3);
}

TEST_CASE("groups are found by rig, time and the state that their members make") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    add(store, 2, 100, "cavity"); // runs 1, 2
    add(store, 2, 200, "echo");   // runs 3, 4
    add(store, 1, 300, "cavity"); // run 5
    store.change_state(1, v1::RUN_CANCELLED, "", 101);
    store.change_state(3, v1::RUNNING, "", 201);
    store.change_state(5, v1::FAILED, "", 301);
    v1::ListRunsRequest filter;
    REQUIRE(store.groups(filter) == Numbers{3, 2, 1});
    const auto in_state = [&](v1::RunState state) {
        v1::ListRunsRequest request;
        request.add_states(state);
        return store.groups(request);
    };
    REQUIRE(in_state(v1::QUEUED) == Numbers{1}); // one of its two
    REQUIRE(in_state(v1::RUNNING) == Numbers{2});
    REQUIRE(in_state(v1::FAILED) == Numbers{3});
    REQUIRE(in_state(v1::RUN_CANCELLED).empty());
    store.change_state(2, v1::RUN_CANCELLED, "", 102);
    REQUIRE(in_state(v1::RUN_CANCELLED) == Numbers{1});
    filter.set_rig("cavity");
    REQUIRE(store.groups(filter) == Numbers{3, 1});
    filter.set_limit(1);
    REQUIRE(store.groups(filter) == Numbers{3});
    filter.set_limit(0);
    filter.set_since(150);
    filter.add_states(v1::FAILED);
    REQUIRE(store.groups(filter) == Numbers{3});
}

TEST_CASE("a group goes with all its members or not at all, and its number is not used again") {
    const TempDir dir;
    Store store(dir.path() / "phylld.db");
    add(store, 2, 100, "cavity");
    store.change_state(1, v1::RUN_CANCELLED, "", 101);
    REQUIRE_THROWS_WITH(store.remove({1}, {}),
                        "run 1 belongs to group g1, whose figures are over all its members; remove "
                        "g1 as a whole");
    REQUIRE_THROWS_WITH(store.remove({}, {1}),
                        "run 2 is queued: only runs that are over can be removed; cancel it first");
    REQUIRE_THROWS_WITH(store.remove({}, {7}),
                        "there is no group g7; the list of runs has those that are");
    store.change_state(2, v1::RUN_CANCELLED, "", 102);
    REQUIRE(store.remove({}, {1}) == std::set<std::uint64_t>{1, 2});
    REQUIRE_FALSE(store.group(1));
    REQUIRE(store.removed() == Numbers{1, 2});
    REQUIRE(add(store, 1, 100, "cavity").group == 2);
}
