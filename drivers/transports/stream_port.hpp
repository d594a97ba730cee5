#pragma once

#include "drivers/transports/byte_port.hpp"

namespace phyll::transports {

/// Whether a port's bytes go into the traffic log themselves, or are parts of messages that do.
enum class Logged { bytes, connection_only };

/// A byte port that messages can be put on.
class StreamPort : public BytePort {
  public:
    /// Brings both sides into step as far as this way can: nothing that was sent or came before is
    /// under way afterwards. Throws as `connect` does.
    virtual void clear(const Patience& patience) = 0;
};

} // namespace phyll::transports
