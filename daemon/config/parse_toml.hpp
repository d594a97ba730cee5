#pragma once

#include "daemon/config/options.hpp"
#include "daemon/config/problems.hpp"

#include <google/protobuf/message.h>

#include <span>
#include <string>
#include <string_view>

namespace phyll::config {

/// Maps a TOML text onto an empty message of any generated type (see mapper.hpp), with `overrides`
/// ("training.epochs=50") applied after the text, fills in the defaults and checks the rules.
///
/// Throws INVALID_ARGUMENT with everything that is wrong, each with file, line, key, value and what
/// is valid: "vowels.toml:12: training.epochs: -3; valid is 1 to 1000000".
void parse_toml(std::string_view text, const std::string& file_name,
                std::span<const std::string> overrides, const OptionsResolver& resolver,
                google::protobuf::Message& out);

/// The same for those who have more to check: what is wrong is added to `problems`, which also
/// learns where every field was written.
void parse_toml(std::string_view text, const std::string& file_name,
                std::span<const std::string> overrides, const OptionsResolver& resolver,
                google::protobuf::Message& out, Problems& problems);

} // namespace phyll::config
