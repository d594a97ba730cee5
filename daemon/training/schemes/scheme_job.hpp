#pragma once

#include "daemon/training/data/data_set.hpp"
#include "daemon/training/feature_scaling.hpp"
#include "daemon/training/rig_shape.hpp"
#include "drivers/core/bytes.hpp"
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
    /// Where a scheme keeps what may be too large for plain memory.
    MakeByteStore bytes{};
};

/// Of schemes that cannot judge a validation split while they learn, or have no epochs: throws
/// INVALID_ARGUMENT that names the field of `evaluation` which asks for it, and says `why`.
void refuse_validation(const SchemeJob& job, const char* why);

/// How features become the first layer's input: standard scores of the training split, of the
/// copies in it too, since a pixel that rests in every original does not in those; as they are
/// where the first layer's encoding is "direct".
[[nodiscard]] FeatureScaling fit_scaling(const SchemeJob& job);

} // namespace phyll::training
