#pragma once

#include "drivers/instruments/instrument.hpp"
#include "drivers/instruments/shelf.hpp"

#include <google/protobuf/message.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace phyll::instruments {

/// A file of drivers/instruments/dialects, as it was built in.
struct BuiltInDialect {
    std::string_view kind; ///< "generator", "digitiser"
    std::string_view name; ///< "keysight-33500"
    std::string_view text;
};
[[nodiscard]] std::span<const BuiltInDialect> built_in_dialects() noexcept;

/// Fills `into`, a dialect's message, from the built-in dialect of that name or the file of that
/// path (one that holds a '/' or ends in ".toml"). Throws INVALID_ARGUMENT about the field
/// `dialect`.
void read_dialect(const std::string& kind, const std::string& name, const ReadToml& read,
                  google::protobuf::Message& into);

/// The name of the built-in dialect that an instrument of that identity speaks. Throws
/// FAILED_PRECONDITION when there is none. `read` and `into` as above; `into` is then filled.
[[nodiscard]] std::string choose_dialect(const std::string& kind, const Identity& identity,
                                         const ReadToml& read, google::protobuf::Message& into);

} // namespace phyll::instruments
