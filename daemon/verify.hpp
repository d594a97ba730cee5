#pragma once

#include <ostream>
#include <string>

namespace phyll {

/// Trains the run of a bundle again from what it measured and says whether the weights are the
/// same; one JSON object where `json` is set. Returns whether they are. Throws what is wrong with
/// the bundle.
[[nodiscard]] bool verify_bundle(const std::string& file, bool json, std::ostream& out);

} // namespace phyll
