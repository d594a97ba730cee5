#pragma once

#include "daemon/training/data/data_set.hpp"
#include "phyll/v1/run_spec.pb.h"

#include <cstddef>
#include <optional>
#include <span>

namespace google::protobuf {
class Message;
} // namespace google::protobuf

namespace phyll {
class Workers;
} // namespace phyll

namespace phyll::training {

/// What a scheme needs to know of a rig.
struct RigShape {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
};

/// All that a scheme is made from. It keeps none of it: what it needs, it copies.
struct SchemeJob {
    const phyll::v1::RunSpec& spec;           ///< with its defaults filled in
    const google::protobuf::Message& options; ///< the scheme's own, with defaults filled in
    const DataSet& data;
    const Split& split;
    /// One per layer of the spec; nothing for a layer without physics.
    std::span<const std::optional<RigShape>> rigs;
    /// Threads that share the scheme's numerical work, and outlive it; null: the caller's alone.
    /// Results do not depend on it.
    Workers* workers = nullptr;
};

} // namespace phyll::training
