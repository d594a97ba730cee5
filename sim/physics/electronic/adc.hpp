#pragma once

namespace phyll::physics {

/// An ADC in offset binary: code c of 0 ... 2^bits - 1 stands for offset + step c, 0 V is a code,
/// what lies beyond the range is read as the nearest end. With 0 bits it passes on what it is
/// given.
class Adc {
  public:
    /// `range` in V, more than 0; `bits` 0 to 16.
    Adc(unsigned bits, double range);

    [[nodiscard]] bool quantises() const noexcept { return codes_ > 0; }
    /// V between neighbouring codes; 0 when it does not quantise.
    [[nodiscard]] double step() const noexcept { return step_; }
    /// V that code 0 stands for.
    [[nodiscard]] double offset() const noexcept { return offset_; }
    /// Number of codes; 0 when it does not quantise.
    [[nodiscard]] unsigned codes() const noexcept { return codes_; }

    /// float(offset + step c) for the nearest code c.
    [[nodiscard]] float read(float volts) const noexcept;

  private:
    unsigned codes_;
    double step_;
    double offset_;
};

} // namespace phyll::physics
