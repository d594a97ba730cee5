#pragma once

#include "drivers/core/temporary_folder.hpp"

#include <string>
#include <string_view>

namespace phyll::test {

/// A serial line whose other end the test itself holds. It is found under a path that stays the
/// same when it is pulled out and plugged in again.
class PseudoTerminal {
  public:
    PseudoTerminal();
    PseudoTerminal(const PseudoTerminal&) = delete;
    PseudoTerminal& operator=(const PseudoTerminal&) = delete;
    ~PseudoTerminal();

    [[nodiscard]] std::string device() const;
    /// As a VISA resource string.
    [[nodiscard]] std::string address() const { return "ASRL" + device() + "::INSTR"; }

    /// Waits until `count` bytes came and returns them.
    [[nodiscard]] std::string received(std::size_t count) const;
    void send(std::string_view bytes) const;

    void pull_out();
    void plug_in();

    /// How whoever has opened it runs the line, in bits per second.
    [[nodiscard]] unsigned baud() const;
    /// Whether bytes go through as they are, both ways.
    [[nodiscard]] bool raw() const;
    /// Whether nobody else may open it.
    [[nodiscard]] bool exclusive() const;

  private:
    TemporaryFolder folder_{"phyll-line"};
    int other_end_ = -1;
};

} // namespace phyll::test
