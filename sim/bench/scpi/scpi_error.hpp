#pragma once

#include "drivers/core/error.hpp"

#include <string>
#include <string_view>

namespace phyll::bench {

/// What SCPI calls an error: a number from the standard (or the maker's own, above 0) and its
/// words. Thrown while a command acts; the instrument queues it and goes on.
class ScpiError : public Error {
  public:
    /// With the standard's words for `number`, and `detail` after a semicolon when there is one.
    explicit ScpiError(int number, std::string_view detail = {});
    /// With a maker's own words.
    [[nodiscard]] static ScpiError of_maker(int number, const std::string& words);

    [[nodiscard]] int number() const noexcept { return number_; }

  private:
    ScpiError(const std::string& words, int number);

    int number_;
};

/// The numbers of SCPI-99, volume 2, chapter 21, that the virtual instruments use.
namespace scpi_number {
inline constexpr int syntax = -102;
inline constexpr int data_type = -104;
inline constexpr int parameter_not_allowed = -108;
inline constexpr int missing_parameter = -109;
inline constexpr int undefined_header = -113;
inline constexpr int suffix_out_of_range = -114;
inline constexpr int numeric_data = -120;
inline constexpr int string_data = -151;
inline constexpr int block_data = -161;
inline constexpr int trigger_ignored = -211;
inline constexpr int init_ignored = -213;
inline constexpr int settings_conflict = -221;
inline constexpr int out_of_range = -222;
inline constexpr int too_much_data = -223;
inline constexpr int illegal_parameter = -224;
inline constexpr int stale = -230;
inline constexpr int mass_storage = -250;
inline constexpr int no_such_file = -256;
inline constexpr int system = -310;
inline constexpr int queue_overflow = -350;
inline constexpr int query_interrupted = -410;
} // namespace scpi_number

/// The standard's words for an error, "Execution error" and the like for one it does not name.
[[nodiscard]] std::string_view words_of(int number);

} // namespace phyll::bench
