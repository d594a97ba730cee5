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

bool same(const std::string& answer, const std::string& wanted, double slack) {
    const std::optional<double> a = number_in(answer);
    const std::optional<double> b = number_in(wanted);
    if (a && b) {
        return std::abs(*a - *b) <= slack + 1e-3 * std::abs(*b);
    }
    return same_letters(answer, wanted);
}

} // namespace

ErrorQueueQuery queue_of(const v1::ErrorQueue& queue) {
    return {.query = queue.query(), .none = {queue.none().begin(), queue.none().end()}};
}

void tell_all(ScpiSession& session, const Texts& texts, const Words& words,
              const Patience& patience) {
    for (const std::string& text : texts) {
        session.tell(filled(text, words), patience);
    }
}

void require_read_back(ScpiSession& session,
                       const google::protobuf::RepeatedPtrField<v1::ReadBack>& what,
                       const Words& words, double slack, const Patience& patience) {
    for (const v1::ReadBack& one : what) {
        const std::string query = filled(one.query(), words);
        const std::string wanted = filled(one.is(), words);
        const std::string answer = session.ask(query, patience);
        if (!same(answer, wanted, slack)) {
            throw session.named(Error(Code::failed_precondition,
                                      fmt::format("it was set up so that {} is {}, and answers {}",
                                                  query, wanted, in_quotes(answer))));
        }
    }
}

bool is_so(ScpiSession& session, const v1::Condition& condition, const Patience& patience) {
    const std::string answer = session.ask(condition.query(), patience);
    if (condition.answers_size() > 0) {
        return std::ranges::find(condition.answers(), answer) != condition.answers().end();
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

} // namespace phyll::instruments
