#pragma once

#include "tests/support/process.hpp"

#include <string>

namespace phyll::bench {

/// What phylld is measured against: a ROUTER in a process of its own that sends each message back
/// as it is.
class RawEcho {
  public:
    /// Starts `program` again, which is to call `serve` when its only argument is `option`.
    explicit RawEcho(const std::string& program);

    [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }

    static constexpr const char* option = "--raw-echo";
    /// Prints its endpoint, and echoes until the process is killed.
    [[noreturn]] static void serve();

  private:
    test::TempDir dir_;
    test::Process process_;
    std::string endpoint_;
};

} // namespace phyll::bench
