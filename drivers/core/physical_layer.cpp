#include "drivers/core/physical_layer.hpp"

#include "drivers/core/error.hpp"

namespace phyll {

void throw_if_over(const QueryContext& context, const Clock& clock) {
    if (context.stop.stop_requested()) {
        throw Error(Code::cancelled, "the query was stopped");
    }
    if (context.deadline.passed(clock)) {
        throw Error(Code::deadline_exceeded, "the query's deadline passed before it was finished");
    }
}

} // namespace phyll
