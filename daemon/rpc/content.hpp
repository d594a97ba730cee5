#pragma once

#include "daemon/rpc/frames.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace phyll::rpc {

/// What a client says in one message: the frames behind its header, unparsed.
class Content {
  public:
    /// Of a request of `method`.
    Content(std::string method, Frames frames);
    /// Of an item of a call of `method`, by the item's number.
    Content(std::string method, std::uint64_t item, Frames frames);

    /// Throws INVALID_ARGUMENT when the body is missing or does not parse.
    void read_body(google::protobuf::Message& message) const;
    /// The only payload frame, which is let go of: it is read once. Throws INVALID_ARGUMENT when
    /// there is none, or several, or one of another size than described.
    [[nodiscard]] HeldBlock read_payload(const v1::Block& description, const std::string& field);
    /// The same where it is plain bytes, which last as long as this.
    [[nodiscard]] std::span<const std::byte> read_bytes(const std::string& field) const;

  private:
    void check_payload(const std::string& field) const;
    /// Where something is wrong: "phyll.v1.Rigs/Stream, item 3".
    [[nodiscard]] std::string where() const;

    std::string method_;
    std::optional<std::uint64_t> item_;
    Frames frames_;
};

} // namespace phyll::rpc
