#pragma once

#include "daemon/config/document.hpp"
#include "daemon/config/problems.hpp"

#include <string>

namespace phyll::config {

/// Applies "path=value" to a document: "training.epochs=50", "layers.0.width=30", "name=vowels".
///
/// Tables on the way that are not there are made; entries of arrays are counted from 0 and must be
/// there. The value is TOML; what is not TOML is taken as a text. Whether the keys exist is found
/// out when the document is mapped; an override that cannot be applied is added to `problems`.
void apply_override(const std::string& text, Table& document, Problems& problems);

} // namespace phyll::config
