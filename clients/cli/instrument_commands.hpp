#pragma once

#include "app.hpp"

#include <phyll/v1/lab.pb.h>

#include <ostream>
#include <string>

namespace phyll::cli {

/// Every instrument that is configured.
[[nodiscard]] v1::InstrumentsReply list_instruments(App& app);

/// Those of a rig as a table.
void print_instruments(const v1::InstrumentsReply& instruments, const std::string& rig,
                       std::ostream& out);

} // namespace phyll::cli
