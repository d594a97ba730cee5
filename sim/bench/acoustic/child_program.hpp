#pragma once

#include "drivers/core/clock.hpp"
#include "drivers/core/descriptor.hpp"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace phyll::bench {

/// A program that runs for as long as this object lives, and no longer than this process. Its
/// errors go nowhere.
class ChildProgram {
  public:
    /// Looked for beside this program, then in PATH. Throws UNAVAILABLE
    /// when it cannot be started.
    explicit ChildProgram(std::vector<std::string> command);
    ChildProgram(const ChildProgram&) = delete;
    ChildProgram& operator=(const ChildProgram&) = delete;
    /// Asks it to end, and kills it when it does not.
    ~ChildProgram();

    /// The first line that it prints. Throws UNAVAILABLE when there is none within `most`.
    [[nodiscard]] std::string first_line(Seconds most);
    /// At once, whatever it was doing.
    void kill() noexcept;
    [[nodiscard]] bool runs() noexcept;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  private:
    std::string name_;
    pid_t pid_ = -1;
    bool ended_ = false;
    std::optional<Descriptor> output_;
};

} // namespace phyll::bench
