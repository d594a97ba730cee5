#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace phyll::bench {

/// What an X server shows, as whoever stands before the screen sees it. Thread rule: one caller at
/// a time.
class Screen {
  public:
    /// Throws UNAVAILABLE when the X server is not reached.
    explicit Screen(const std::string& display);
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    ~Screen();

    [[nodiscard]] std::size_t width() const noexcept;
    [[nodiscard]] std::size_t height() const noexcept;

    /// The levels of grey of all pixels, row by row: of its colours the blue one. Throws
    /// UNAVAILABLE when they cannot be had.
    [[nodiscard]] std::vector<std::uint8_t> levels();

    /// Says at the root window what serial number the display has; see phyllslm.
    void write_serial(const std::string& serial);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace phyll::bench
