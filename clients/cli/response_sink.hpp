#pragma once

#include "drivers/core/sample_block.hpp"

#include <phyll/v1/rig.pb.h>

#include <memory>
#include <string>

namespace phyll::cli {

/// Takes the responses of a stream, block by block.
class ResponseSink {
  public:
    ResponseSink() = default;
    ResponseSink(const ResponseSink&) = delete;
    ResponseSink& operator=(const ResponseSink&) = delete;
    virtual ~ResponseSink() = default;

    /// Throws what cannot be written.
    virtual void write(ConstBlock responses) = 0;
    /// Makes the file whole, with what came so far: also of a stream that did not end well.
    virtual void finish() = 0;
};

/// An .npy file (float32, samples x outputs), a CSV file with a header, or, by "-", CSV on standard
/// output, each block as it comes.
[[nodiscard]] std::unique_ptr<ResponseSink> open_responses(const std::string& path,
                                                           const v1::LayerSpec& rig);

} // namespace phyll::cli
