#pragma once

#include "drivers/instruments/scpi_session.hpp"

#include <google/protobuf/repeated_ptr_field.h>

#include <optional>
#include <string>

namespace phyll::instruments {

namespace v1 {
class Condition;
class ErrorQueue;
class ReadBack;
} // namespace v1

using Texts = google::protobuf::RepeatedPtrField<std::string>;

[[nodiscard]] ErrorQueueQuery queue_of(const v1::ErrorQueue& queue);

/// Tells an instrument a dialect's texts, each with its words filled in.
void tell_all(ScpiSession& session, const Texts& texts, const Words& words,
              const Patience& patience);

/// By how much an answer may be off what was set.
struct Slack {
    double absolute = 0.0;
    double relative = 1e-3;
};

/// Asks an instrument what it was set to: "it was set up so that SENS1:BAND? is 1E4, and answers
/// '1E3'". Nothing when that is what it was set to.
[[nodiscard]] std::optional<std::string> difference(ScpiSession& session, const v1::ReadBack& what,
                                                    const Words& words, Slack slack,
                                                    const Patience& patience);
/// Throws FAILED_PRECONDITION where there is a difference.
void require_read_back(ScpiSession& session, const v1::ReadBack& what, const Words& words,
                       Slack slack, const Patience& patience);
void require_read_back(ScpiSession& session,
                       const google::protobuf::RepeatedPtrField<v1::ReadBack>& what,
                       const Words& words, Slack slack, const Patience& patience);

/// Whether an answer of an instrument says that something is so. Throws DATA_LOSS when it is none.
[[nodiscard]] bool says_so(ScpiSession& session, const v1::Condition& condition,
                           const std::string& answer);
/// Asks an instrument whether something is so.
[[nodiscard]] bool is_so(ScpiSession& session, const v1::Condition& condition,
                         const Patience& patience);
/// Asks again and again; false when `within` passed without a yes.
[[nodiscard]] bool await(ScpiSession& session, const v1::Condition& condition, Seconds within,
                         const Patience& patience);

/// How long something takes that is begun again and again, as far as that is known: so long it did
/// not yet say yes.
struct Pace {
    Clock::Monotonic begun{};
    Seconds at_least{0};
};
/// The same, for what was begun at `pace.begun`: nobody is asked before `pace.at_least`, which is
/// learnt.
[[nodiscard]] bool await(ScpiSession& session, const v1::Condition& condition, Seconds within,
                         Pace& pace, const Patience& patience);

} // namespace phyll::instruments
