#include "drivers/instruments/setting_up.hpp"

#include "drivers/core/error.hpp"
#include "drivers/core/text.hpp"
#include "drivers/instruments/dialect.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace phyll::instruments {
namespace {

constexpr Seconds first_pause{0.0005};
constexpr Seconds longest_pause{0.02};
constexpr double asked_earlier = 0.9;

bool same(const std::string& answer, const std::string& wanted, Slack slack) {
    const std::optional<double> a = number_in(answer);
    const std::optional<double> b = number_in(wanted);
    if (a && b) {
        return std::abs(*a - *b) <= slack.absolute + slack.relative * std::abs(*b);
    }
    return same_letters(answer, wanted);
}

} // namespace

ErrorQueueQuery queue_of(const v1::ErrorQueue& queue) {
    return {.query = queue.query(),
            .none = {queue.none().begin(), queue.none().end()},
            .whole = queue.whole()};
}

void tell_all(ScpiSession& session, const Texts& texts, const Words& words,
              const Patience& patience) {
    for (const std::string& text : texts) {
        session.tell(filled(text, words), patience);
    }
}

std::optional<std::string> difference(ScpiSession& session, const v1::ReadBack& what,
                                      const Words& words, Slack slack, const Patience& patience) {
    const std::string query = filled(what.query(), words);
    const std::string wanted = filled(what.is(), words);
    const std::string answer = session.ask(query, patience);
    if (same(answer, wanted, slack)) {
        return std::nullopt;
    }
    return fmt::format("it was set up so that {} is {}, and answers {}", query, wanted,
                       in_quotes(answer));
}

void require_read_back(ScpiSession& session, const v1::ReadBack& what, const Words& words,
                       Slack slack, const Patience& patience) {
    if (const auto wrong = difference(session, what, words, slack, patience)) {
        throw session.named(Error(Code::failed_precondition, *wrong));
    }
}

void require_read_back(ScpiSession& session,
                       const google::protobuf::RepeatedPtrField<v1::ReadBack>& what,
                       const Words& words, Slack slack, const Patience& patience) {
    for (const v1::ReadBack& one : what) {
        require_read_back(session, one, words, slack, patience);
    }
}

bool says_so(ScpiSession& session, const v1::Condition& condition, const std::string& answer) {
    if (condition.answers_size() > 0) {
        return std::ranges::find(condition.answers(), answer) != condition.answers().end();
    }
    if (condition.other_answers_size() > 0) {
        const auto& others = condition.other_answers();
        return !answer.empty() && std::ranges::find(others, answer) == others.end();
    }
    const std::optional<double> value = number_in(answer);
    if (!value || *value < 0 || *value > 4294967295.0) {
        throw session.named(Error(
            Code::data_loss, fmt::format("its answer to {} is {}, which is no register's value",
                                         condition.query(), in_quotes(answer))));
    }
    const auto bits = static_cast<std::uint32_t>(*value);
    return (bits & condition.bits_set()) == condition.bits_set() &&
           (bits & condition.bits_clear()) == 0;
}

bool is_so(ScpiSession& session, const v1::Condition& condition, const Patience& patience) {
    return says_so(session, condition, session.ask(condition.query(), patience));
}

bool await(ScpiSession& session, const v1::Condition& condition, Seconds within,
           const Patience& patience) {
    Pace unknown{.begun = session.clock().now()};
    return await(session, condition, within, unknown, patience);
}

bool await(ScpiSession& session, const v1::Condition& condition, Seconds within, Pace& pace,
           const Patience& patience) {
    const Clock& clock = session.clock();
    const Deadline end = Deadline::after(clock, within);
    wait(clock, pace.at_least - Seconds(clock.now() - pace.begun), patience);
    // A yes at once may be late: it is asked a little earlier the next time.
    Seconds not_before = asked_earlier * pace.at_least;
    Seconds pause = first_pause;
    for (;;) {
        const Seconds asked = clock.now() - pace.begun;
        if (is_so(session, condition, patience)) {
            pace.at_least = not_before;
            return true;
        }
        not_before = asked;
        if (end.passed(clock)) {
            return false;
        }
        wait(clock, pause, patience);
        pause = std::min(2 * pause, longest_pause);
    }
}

} // namespace phyll::instruments
