#pragma once

#include "drivers/core/descriptor.hpp"

#include <string>

namespace phyll::bench {

/// Both ends of a pseudo-terminal, raw. The client's end is held open, so that reading the other
/// one does not fail while there is no client.
struct PseudoTerminal {
    Descriptor ours{-1};
    Descriptor theirs{-1};
    std::string path; ///< of the client's end

    /// Throws UNAVAILABLE when the system has none.
    [[nodiscard]] static PseudoTerminal open();
    /// Lets others open it. One that a client has made its own (TIOCEXCL) would remain so after it
    /// was closed: nobody can tell that from here.
    void share() const;
};

} // namespace phyll::bench
