#pragma once

#include "daemon/training/scheme.hpp"
#include "daemon/training/schemes/scheme_job.hpp"
#include "daemon/training/trained_network.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace phyll::training {

/// One line of registration per kind: see registry.cpp.
struct SchemeKind {
    std::string name; ///< "phyll"
    std::string about;
    /// An empty options message of the kind, to be filled and passed to `make`.
    std::function<std::unique_ptr<google::protobuf::Message>()> new_options;
    /// Throws INVALID_ARGUMENT naming the field of the run spec that is wrong.
    std::function<std::unique_ptr<Scheme>(const SchemeJob&)> make;
    /// The network that a scheme of the kind trained, to be asked about samples. Throws DATA_LOSS
    /// when what was stored does not fit the run spec.
    std::function<std::unique_ptr<TrainedNetwork>(const TrainedJob&)> restore;
};

/// Every scheme there is.
[[nodiscard]] const std::vector<SchemeKind>& scheme_kinds();

/// The scheme called `name`; throws INVALID_ARGUMENT that lists those there are.
[[nodiscard]] const SchemeKind& scheme_kind(std::string_view name);

} // namespace phyll::training
