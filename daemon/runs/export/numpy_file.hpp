#pragma once

#include "drivers/core/bytes.hpp"
#include "drivers/core/journal/reader.hpp"

#include <cstdint>
#include <ctime>
#include <stop_token>

namespace phyll::runs {

/// How many bytes `write_numpy` writes, about.
[[nodiscard]] std::uint64_t numpy_size(const journal::Reader& reader);

/// Writes all that a run measured as an archive for numpy.load (.npz), into an empty store; of each
/// rig, in the order of the journal:
///
///     stimuli    float32, samples x inputs
///     responses  float32, samples x outputs
///     number     uint64: with the purpose, which measurement of the run it is
///     purpose    uint8: 0 training, 1 evaluation, 2 sentinel, 3 characterisation, 4 direct (a
///                stream), 5 borrowed
///     begin, end float64: when its physics did, in seconds since 1970, UTC; not a number where
///                that was not kept
///
/// With several rigs the names begin with the rig's: "cavity/stimuli". `time` is the files', and
/// `scratch` makes a place for an array. Throws what writing throws; CANCELLED when asked to stop.
void write_numpy(const journal::Reader& reader, ByteStore& into, std::time_t time,
                 const MakeByteStore& scratch, const std::stop_token& stop);

} // namespace phyll::runs
