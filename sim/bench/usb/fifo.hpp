#pragma once

#include "drivers/core/descriptor.hpp"

#include <filesystem>

namespace phyll::bench::usb {

/// A FIFO in a device node's place. Clients poll a node for whether they can write, which usbfs
/// says when a transfer is done; they never do write.
class Fifo {
  public:
    /// Not writable. Throws UNAVAILABLE when it cannot be made.
    explicit Fifo(const std::filesystem::path& path);

    void writable(bool yes);
    /// Nobody can open it any more.
    void remove();

  private:
    std::filesystem::path path_;
    Descriptor file_;
};

} // namespace phyll::bench::usb
