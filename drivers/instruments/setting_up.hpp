#pragma once

#include "drivers/instruments/scpi_session.hpp"

#include <google/protobuf/repeated_ptr_field.h>

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

/// Asks an instrument what it was set to. Throws FAILED_PRECONDITION naming the question, the
/// answer and what it should have been. Numbers may differ by a thousandth and `slack`.
void require_read_back(ScpiSession& session,
                       const google::protobuf::RepeatedPtrField<v1::ReadBack>& what,
                       const Words& words, double slack, const Patience& patience);

/// Asks an instrument whether something is so.
[[nodiscard]] bool is_so(ScpiSession& session, const v1::Condition& condition,
                         const Patience& patience);

} // namespace phyll::instruments
