#include "drivers/core/error.hpp"
#include "drivers/transports/answer_reader.hpp"
#include "tests/unit/drivers/code_of.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace phyll;
using transports::Patience;

namespace {

/// Announces a block of a gigabyte, sends a little of it, and ends.
class Announcing final : public transports::AnswerSource {
  public:
    bool more(std::string& into, std::size_t, const Patience&) override {
        room = std::max(room, into.capacity());
        into += pieces_ == 0 ? "#9999999999" : "xxx";
        return ++pieces_ == 3;
    }
    [[nodiscard]] bool marks_ends() const noexcept override { return true; }

    std::size_t room = 0; ///< that was made for the answer

  private:
    int pieces_ = 0;
};

} // namespace

TEST_CASE("a block takes memory for what comes, not for what it announces") {
    const ManualClock clock;
    transports::TrafficLog log(clock);
    const std::string name = "an instrument";
    Announcing source;
    transports::AnswerReader reader(name, source, log);
    REQUIRE(test::code_of([&] {
                static_cast<void>(reader.read_block(std::size_t{1} << 30U, {}));
            }) == Code::data_loss);
    REQUIRE(source.room < 1000);
}
